/* SPDX-License-Identifier: MIT */
/* Probing other kernels: this very program, run by the laboratory in a virtual machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/probe.h"
#include "tools/vm.h"

#define OUTPUT_MAX    ((size_t)16 * 1024 * 1024)
#define ARGUMENTS_MAX 256
/* Seconds: an emulated machine on a busy host took two minutes for all features. */
#define PROBE_LIMIT   "600"

/*
 * Loaded where the kernel has them, so that what they bring is tried and not only
 * called loadable. Algorithms come with the modules of their type.
 */
static const char *const modules[] = {
	"can?",
	"can_raw?",
	"can_bcm?",
	"can_isotp?",
	"can_j1939?",
	"can_gw?",
	"vcan?",
	"vxcan?",
	"af_alg?",
	"algif_hash?",
	"algif_skcipher?",
	"algif_aead?",
	"algif_rng?",
	"vsock?",
	"vsock_loopback?",
	"vmw_vsock_vmci_transport?",
	"vsock_diag?",
	"tipc?",
	"rds?",
	"rds_tcp?",
	"qrtr?",
	"bluetooth?",
	"hci_vhci?",
	"rfcomm?",
	"bnep?",
	"hidp?",
	"sctp?",
	"dccp_ipv4?",
	"dccp_ipv6?",
	"smc?",
	"smc_diag?",
	"tls?",
	"xsk_diag?",
	"af_packet_diag?",
	"unix_diag?",
	"udp_diag?",
	"tcp_diag?",
	"netlink_diag?",
	"mptcp_diag?",
	"ax25?",
	"netrom?",
	"rose?",
	"x25?",
	"appletalk?",
	"llc2?",
	"atm?",
	"mctp?",
	"phonet?",
	"ieee802154_socket?",
	"caif_socket?",
	"nfc?",
	"kcm?",
	"fcrypt?",
	"pcbc?",
	"rxrpc?",
	"pppoe?",
	"l2tp_ppp?",
	"l2tp_ip?",
	"l2tp_ip6?",
	"af_key?",
	"pn_pep?",
	"mptcp_diag?",
	"tcp_bbr?",
	"veth?",
	"dummy?",
	"ifb?",
	"bridge?",
	"bonding?",
	"macvlan?",
	"ipvlan?",
	"vxlan?",
	"wireguard?",
	"vrf?",
	"tun?",
	"geneve?",
	"nlmon?",
	"netdevsim?",
	"vsockmon?",
	"sch_fq?",
	"sch_fq_codel?",
	"sch_netem?",
	"sch_etf?",
	"sch_taprio?",
	"sch_cbs?",
	"sch_htb?",
	"sch_tbf?",
	"sch_prio?",
	"sch_mqprio?",
	"sch_ingress?",
	"sch_cake?",
	"sch_red?",
	"sch_sfq?",
	"sch_codel?",
	"sch_hfsc?",
	"sch_plug?",
	"crypto_user?",
	"nfnetlink?",
	"xfrm_user?",
	"team?",
	"8021q?",
	"can_dev?",
	"sha512_generic?",
	"sha3_generic?",
	"sha3?",
	"blake2b_generic?",
	"blake2b?",
	"rmd160?",
	"wp512?",
	"streebog_generic?",
	"crc32_generic?",
	"crc32_cryptoapi?",
	"crc32c_generic?",
	"crc32c_cryptoapi?",
	"xxhash_generic?",
	"ghash_generic?",
	"michael_mic?",
	"md4?",
	"md5?",
	"sha1_generic?",
	"sha256_generic?",
	"sha1?",
	"sha256?",
	"sha512?",
	"cmac?",
	"xcbc?",
	"ecb?",
	"cbc?",
	"ctr?",
	"xts?",
	"cts?",
	"lrw?",
	"cfb?",
	"ofb?",
	"keywrap?",
	"chacha_generic?",
	"chacha?",
	"adiantum?",
	"gcm?",
	"ccm?",
	"chacha20poly1305?",
	"aegis128?",
	"authenc?",
	"ansi_cprng?",
	"jitterentropy_rng?",
	"drbg?",
	"des_generic?",
	"arc4?",
	"camellia_generic?",
	"serpent_generic?",
	"twofish_generic?",
	"blowfish_generic?",
	"cast5_generic?",
	"sm3_generic?",
	"sm3?",
	"sm4_generic?",
	"aria_generic?",
	"hctr2?",
	"polyval_generic?",
	"nhpoly1305?",
	"aes_generic?",
	"hmac?",
	"macvtap?",
	"ipvtap?",
	"macsec?",
	"ip_gre?",
	"ip6_gre?",
	"ipip?",
	"sit?",
	"ip6_tunnel?",
	"ip_vti?",
	"ip6_vti?",
	"xfrm_interface?",
	"hsr?",
	"ieee802154_6lowpan?",
	"gtp?",
	"ovpn?",
	"batman_adv?",
	"cfg80211?",
	"mpls_router?",
	"sch_fq_pie?",
	"sch_pie?",
	"sch_sfb?",
	"sch_gred?",
	"sch_choke?",
	"sch_drr?",
	"sch_qfq?",
	"sch_ets?",
	"sch_multiq?",
	"sch_skbprio?",
	"sch_hhf?",
	"sch_dualpi2?",
	"sch_teql?",
	"amt?",
	"bareudp?",
	"netkit?",
	"rmnet?",
	"fou?",
	"l2tp_netlink?",
	"openvswitch?",
	"dpll?",
	"macsec?",
	"psample?",
	"ila?",
	"ip_vs?",
	"drop_monitor?",
	"nf_tables?",
	"nf_conntrack_netlink?",
	"nfnetlink_acct?",
	"pptp?",
	"cmtp?",
	"scsi_mod?",
	"scsi_transport_iscsi?",
	"ib_core?",
	"ib_ipoib?",
	"wwan?",
	"vdpa?",
	"nbd?",
	"drbd?",
	"target_core_user?",
	"lockd?",
	"nfsd?",
	"cifs?",
	"ksmbd?",
	"mac80211_hwsim?",
};

/* All that comes until the end; NULL where it is too much. */
static char *read_all(int fd)
{
	size_t len = 0, max = (size_t)1024 * 1024;
	char *text = malloc(max + 1);
	ssize_t count = 1;

	while (text && count > 0 && len < OUTPUT_MAX) {
		if (len == max) {
			char *more = realloc(text, 2 * max + 1);

			if (!more)
				break;
			text = more;
			max *= 2;
		}
		count = read(fd, text + len, max - len);
		if (count < 0 && errno == EINTR)
			count = 1;
		else if (count > 0)
			len += (size_t)count;
	}
	if (text)
		text[len] = '\0';
	return text;
}

static void fill_arguments(const char **arguments, const char *vm, const char *label,
			   const char *program)
{
	size_t count = 0;

	arguments[count++] = vm;
	arguments[count++] = "run";
	arguments[count++] = "--kernel";
	arguments[count++] = label;
	arguments[count++] = "--timeout";
	arguments[count++] = PROBE_LIMIT;
	arguments[count++] = "--module-aliases";
	arguments[count++] = "--need";
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		arguments[count++] = modules[i];
	arguments[count++] = "--";
	arguments[count++] = program;
	arguments[count++] = "probe";
	arguments[count++] = "--json";
	arguments[count] = NULL;
}

/* Start the laboratory with its output in a pipe. Return: the reading end. */
static int start(pid_t *ret_pid, const char *const *arguments)
{
	posix_spawn_file_actions_t actions;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	r = posix_spawnp(ret_pid, arguments[0], &actions, NULL,
			 (char *const *)(uintptr_t)arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (r != 0)
		close(ends[0]);
	return r != 0 ? -r : ends[0];
}

int vm_probe_start(struct vm_probe *ret_run, const char *label)
{
	const char *arguments[ARGUMENTS_MAX];
	struct vm_place place;
	int r = vm_find(&place);

	if (r != COMMAND_OK)
		return r;
	fill_arguments(arguments, place.laboratory, label, place.program);
	fprintf(stderr, "probing kernel %s in a virtual machine\n", label);
	*ret_run = (struct vm_probe){.label = label};
	ret_run->fd = start(&ret_run->pid, arguments);
	if (ret_run->fd < 0)
		return command_failure(ret_run->fd, "%s", place.laboratory);
	return COMMAND_OK;
}

int vm_probe_finish(const struct vm_probe *run, json_t **ret_report)
{
	char *text = read_all(run->fd);
	int status, r;

	close(run->fd);
	while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!text)
		return command_failure(-ENOMEM, "kernel %s", run->label);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr,
			"%s: kernel %s: the virtual machine ended with status %d\n",
			program_invocation_short_name, run->label,
			WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
		r = COMMAND_FAILURE;
	} else {
		r = report_parse(ret_report, text, run->label);
	}
	free(text);
	return r;
}
