/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linsock/name.h>
#include <linsock/socket.h>

#include "tests/support/names.h"

Test(getprotobyname, knows_protocols_and_their_aliases)
{
	names_enter();
	cr_assert(lsk_getprotobyname("tcp", LSK_BLOCK) == IPPROTO_TCP);
	cr_assert(lsk_getprotobyname("IP", LSK_BLOCK) == 0);
	cr_assert(lsk_getprotobyname("FRUIT", LSK_NSEC_PER_SEC) == 251);
	cr_assert(lsk_getprotobyname("cheese", LSK_BLOCK) == -ENOENT);
	cr_assert(lsk_getprotobyname(NULL, LSK_BLOCK) == -EINVAL);
	cr_assert(lsk_getprotobyname("tcp", 0) == -EAGAIN);
	cr_assert(lsk_getprotobyname("tcp", -2) == -EINVAL);
}

Test(getservbyname, knows_services_of_any_or_one_protocol)
{
	names_enter();
	cr_assert(lsk_getservbyname("gopher", NULL, LSK_BLOCK) == 70);
	cr_assert(lsk_getservbyname("gopher", "tcp", LSK_BLOCK) == 70);
	cr_assert(lsk_getservbyname("gopher", "udp", LSK_BLOCK) == -ENOENT);
	cr_assert(lsk_getservbyname("apple", "udp", LSK_NSEC_PER_SEC) == 7071);
	cr_assert(lsk_getservbyname(NULL, NULL, LSK_BLOCK) == -EINVAL);
}

Test(getservbyport, names_ports)
{
	char name[LSK_SERVICE_MAX];

	names_enter();
	cr_assert(lsk_getservbyport(70, NULL, LSK_BLOCK, name, sizeof(name)) == 6);
	cr_assert_str_eq(name, "gopher");
	cr_assert(lsk_getservbyport(7071, "udp", LSK_BLOCK, name, sizeof(name)) == 5);
	cr_assert_str_eq(name, "fruit");
	cr_assert(lsk_getservbyport(71, NULL, LSK_BLOCK, name, sizeof(name)) ==
		  -ENOENT);
	cr_assert(lsk_getservbyport(70, NULL, LSK_BLOCK, name, 6) == -ENOSPC);
}

Test(getservbyport, checks_the_range)
{
	char name[LSK_SERVICE_MAX];

	cr_assert(lsk_getservbyport(-1, NULL, 0, name, sizeof(name)) == LSK_ERR_PORT);
	cr_assert(lsk_getservbyport(65536, NULL, 0, name, sizeof(name)) ==
		  LSK_ERR_PORT);
	cr_assert(lsk_getservbyport(70, NULL, 0, NULL, 0) == -EINVAL);
}

Test(gethostname, tells_what_sethostname_set)
{
	char name[65];

	names_enter();
	cr_assert(names_hostname("somebody") == 0);
	cr_assert(lsk_gethostname(name, sizeof(name)) == 8);
	cr_assert_str_eq(name, "somebody");
	cr_assert(lsk_gethostname(name, 8) == -ENOSPC);
	cr_assert(lsk_gethostname(NULL, 8) == -EINVAL);
}

Test(sethostname, refuses_what_the_kernel_refuses)
{
	char name[66];
	pid_t child;
	int status;

	names_enter();
	cr_assert(names_hostname("somebody") == 0);
	memset(name, 'x', sizeof(name));
	name[65] = '\0';
	cr_assert(lsk_sethostname(name) == -EINVAL);
	cr_assert(lsk_sethostname(NULL) == -EINVAL);
	child = fork();
	if (child == 0)
		_exit(setuid(65534) == 0 && lsk_sethostname("x") == -EPERM ? 0 : 1);
	cr_assert(waitpid(child, &status, 0) == child && status == 0);
}
