/* SPDX-License-Identifier: MIT */
/* Extended acknowledgements: all their forms, and the paths of attributes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>

#include <linsock/netlink_error.h>

/* A request to make a netkit device: where its attributes stand, in bytes. */
struct request {
	uint32_t storage[128];
	struct lsk_nl_msg msg;
	uint32_t linkinfo;
	uint32_t data;
	uint32_t policy;
	uint32_t mtu;
};

static void request_init(struct request *request)
{
	struct ifinfomsg info = {.ifi_index = 0};
	struct lsk_nl_msg *msg = &request->msg;

	lsk_nl_msg_init(msg, request->storage, sizeof(request->storage));
	lsk_nl_msg_start(msg, RTM_NEWLINK, 0, &info, sizeof(info));
	request->linkinfo = msg->header->nlmsg_len;
	LSK_NL_NEST(msg, IFLA_LINKINFO)
	{
		lsk_nl_put_string(msg, IFLA_INFO_KIND, "netkit");
		request->data = msg->header->nlmsg_len;
		LSK_NL_NEST(msg, IFLA_INFO_DATA)
		{
			lsk_nl_put_u32(msg, IFLA_NETKIT_MODE, 1);
			request->policy = msg->header->nlmsg_len;
			lsk_nl_put_u32(msg, IFLA_NETKIT_POLICY, 99);
		}
	}
	request->mtu = msg->header->nlmsg_len;
	lsk_nl_put_u32(msg, IFLA_MTU, 1);
	cr_assert_eq(lsk_nl_msg_error(msg), 0);
}

/* Begin an NLMSG_ERROR; @echo: the request's payload is in it. */
static void reply_start(struct lsk_nl_msg *reply, const struct request *request,
			int code, bool echo)
{
	struct nlmsgerr body = {.error = code, .msg = *request->msg.header};
	const char *payload = (const char *)request->msg.header + NLMSG_HDRLEN;

	lsk_nl_msg_start(reply, NLMSG_ERROR, NLM_F_ACK_TLVS | (echo ? 0 : NLM_F_CAPPED),
			 &body, sizeof(body));
	if (echo)
		lsk_nl_put_raw(reply, payload,
			       request->msg.header->nlmsg_len - NLMSG_HDRLEN);
}

Test(error_parse, of_an_acknowledgement_is_zero)
{
	struct nlmsgerr body = {.error = 0};
	struct lsk_nl_error error;
	char text[64];
	LSK_NL_MSG(reply, 64);

	lsk_nl_msg_start(&reply, NLMSG_ERROR, NLM_F_CAPPED, &body, sizeof(body));
	cr_assert_eq(lsk_nl_error_parse(&error, reply.header, NULL, NETLINK_ROUTE), 0);
	lsk_nl_error_format(&error, text, sizeof(text));
	cr_assert_str_eq(text, "Success");
}

/* Fact 7, both places in which attributes may start. */
Test(error_parse, fact_7_reads_message_and_path_of_a_capped_error)
{
	struct request request;
	struct lsk_nl_error error;
	char text[256];
	LSK_NL_MSG(reply, 512);

	request_init(&request);
	reply_start(&reply, &request, -EINVAL, false);
	lsk_nl_put_string(&reply, NLMSGERR_ATTR_MSG, "Provided policy not supported");
	lsk_nl_put_u32(&reply, NLMSGERR_ATTR_OFFS, request.policy);
	cr_assert_eq(lsk_nl_error_parse(&error, reply.header, request.msg.header,
					NETLINK_ROUTE),
		     -EINVAL);
	cr_assert_str_eq(error.message, "Provided policy not supported");
	cr_assert_str_eq(error.path, ".linkinfo.data.policy");
	cr_assert_eq(error.request_type, RTM_NEWLINK);
	lsk_nl_error_format(&error, text, sizeof(text));
	cr_assert_str_eq(text, "Invalid argument: Provided policy not supported "
			       "(at .linkinfo.data.policy)");
}

Test(error_parse, fact_7_reads_attributes_behind_the_repeated_request)
{
	struct request request;
	struct lsk_nl_error error;
	LSK_NL_MSG(reply, 1024);

	request_init(&request);
	reply_start(&reply, &request, -EOPNOTSUPP, true);
	lsk_nl_put_string(&reply, NLMSGERR_ATTR_MSG, "no");
	cr_assert_eq(lsk_nl_error_parse(&error, reply.header, request.msg.header,
					NETLINK_ROUTE),
		     -EOPNOTSUPP);
	cr_assert_str_eq(error.message, "no");
}

Test(error_parse, fact_7_success_with_a_message_is_a_warning)
{
	struct request request;
	struct lsk_nl_error error;
	char text[64];
	LSK_NL_MSG(reply, 256);

	request_init(&request);
	/* No request is repeated where the error is 0, capped or not. */
	reply_start(&reply, &request, 0, false);
	reply.header->nlmsg_flags = NLM_F_ACK_TLVS;
	lsk_nl_put_string(&reply, NLMSGERR_ATTR_MSG, "deprecated");
	cr_assert_eq(lsk_nl_error_parse(&error, reply.header, request.msg.header,
					NETLINK_ROUTE),
		     0);
	lsk_nl_error_format(&error, text, sizeof(text));
	cr_assert_str_eq(text, "Warning: deprecated");
}

Test(error_parse, fact_7_finds_the_path_of_every_offset)
{
	struct request request;
	struct lsk_nl_error error;

	request_init(&request);
	for (uint32_t offset = 0; offset < request.msg.header->nlmsg_len + 8;
	     offset++) {
		const char *expected = NULL;
		LSK_NL_MSG(reply, 256);

		reply_start(&reply, &request, -EINVAL, false);
		lsk_nl_put_u32(&reply, NLMSGERR_ATTR_OFFS, offset);
		lsk_nl_error_parse(&error, reply.header, request.msg.header,
				   NETLINK_ROUTE);
		if (offset < request.linkinfo)
			expected = "";
		else if (offset == request.linkinfo)
			expected = ".linkinfo";
		else if (offset == request.data)
			expected = ".linkinfo.data";
		else if (offset == request.policy || offset == request.policy + 4)
			expected = ".linkinfo.data.policy";
		else if (offset == request.mtu)
			expected = ".mtu";
		else if (offset >= request.msg.header->nlmsg_len)
			expected = "";
		if (expected)
			cr_expect_str_eq(error.path, expected, "offset %u", offset);
	}
}

Test(error_parse, tells_what_was_missing_and_where)
{
	struct request request;
	struct lsk_nl_error error;
	LSK_NL_MSG(reply, 256);

	request_init(&request);
	reply_start(&reply, &request, -EINVAL, false);
	lsk_nl_put_u32(&reply, NLMSGERR_ATTR_MISS_NEST, request.data);
	lsk_nl_put_u32(&reply, NLMSGERR_ATTR_MISS_TYPE, IFLA_NETKIT_PEER_POLICY);
	lsk_nl_error_parse(&error, reply.header, request.msg.header, NETLINK_ROUTE);
	cr_assert_str_eq(error.missing, ".linkinfo.data.peer-policy");
	reply_start(&reply, &request, -EINVAL, false);
	lsk_nl_put_u32(&reply, NLMSGERR_ATTR_MISS_TYPE, IFLA_IFNAME);
	lsk_nl_error_parse(&error, reply.header, request.msg.header, NETLINK_ROUTE);
	cr_assert_str_eq(error.missing, ".ifname");
}

Test(error_parse, walks_over_the_header_inside_of_a_peer)
{
	struct ifinfomsg info = {.ifi_index = 0};
	struct nlmsgerr body = {.error = -EINVAL};
	struct lsk_nl_error error;
	uint32_t at = 0;
	LSK_NL_MSG(msg, 256);
	LSK_NL_MSG(reply, 256);

	lsk_nl_msg_start(&msg, RTM_NEWLINK, 0, &info, sizeof(info));
	LSK_NL_NEST(&msg, IFLA_LINKINFO)
	{
		lsk_nl_put_string(&msg, IFLA_INFO_KIND, "veth");
		LSK_NL_NEST(&msg, IFLA_INFO_DATA)
		LSK_NL_NEST(&msg, VETH_INFO_PEER)
		{
			lsk_nl_put_raw(&msg, &info, sizeof(info));
			at = msg.header->nlmsg_len;
			lsk_nl_put_string(&msg, IFLA_IFNAME, "x");
		}
	}
	lsk_nl_msg_start(&reply, NLMSG_ERROR, NLM_F_ACK_TLVS | NLM_F_CAPPED, &body,
			 sizeof(body));
	lsk_nl_put_u32(&reply, NLMSGERR_ATTR_OFFS, at);
	lsk_nl_error_parse(&error, reply.header, msg.header, NETLINK_ROUTE);
	cr_assert_str_eq(error.path, ".linkinfo.data.peer.ifname");
}

Test(error_parse, reads_policy_and_cookie)
{
	struct request request;
	struct lsk_nl_error error;
	char text[256];
	LSK_NL_MSG(reply, 512);

	request_init(&request);
	reply_start(&reply, &request, -ERANGE, false);
	LSK_NL_NEST(&reply, NLMSGERR_ATTR_POLICY)
	{
		lsk_nl_put_u32(&reply, NL_POLICY_TYPE_ATTR_TYPE, NL_ATTR_TYPE_U32);
		lsk_nl_put_u64(&reply, NL_POLICY_TYPE_ATTR_MIN_VALUE_U, 1);
		lsk_nl_put_u64(&reply, NL_POLICY_TYPE_ATTR_MAX_VALUE_U, 100);
	}
	lsk_nl_put(&reply, NLMSGERR_ATTR_COOKIE, "0123456789abcdefghijklmn", 24);
	lsk_nl_error_parse(&error, reply.header, NULL, NETLINK_ROUTE);
	cr_assert_eq(error.policy.type, NL_ATTR_TYPE_U32);
	cr_assert_eq(error.policy.max_unsigned, 100);
	cr_assert_eq(error.cookie_len, 20);
	lsk_nl_error_format(&error, text, sizeof(text));
	cr_assert_str_eq(text, "Numerical result out of range; accepted: u32 1...100");
}

/* Fact 3: DONE has an error and attributes, without a copy of the request. */
Test(error_parse, fact_3_reads_error_and_message_of_done)
{
	int code = -EINVAL;
	struct lsk_nl_error error;
	LSK_NL_MSG(reply, 128);

	lsk_nl_msg_start(&reply, NLMSG_DONE, NLM_F_MULTI | NLM_F_ACK_TLVS, &code,
			 sizeof(code));
	lsk_nl_put_string(&reply, NLMSGERR_ATTR_MSG, "Invalid values in header");
	cr_assert_eq(lsk_nl_error_parse(&error, reply.header, NULL, NETLINK_ROUTE),
		     -EINVAL);
	cr_assert_str_eq(error.message, "Invalid values in header");
}

Test(error_parse, fact_3_done_without_payload_is_success)
{
	struct lsk_nl_error error;
	LSK_NL_MSG(reply, 64);

	lsk_nl_msg_start(&reply, NLMSG_DONE, NLM_F_MULTI, NULL, 0);
	cr_assert_eq(lsk_nl_error_parse(&error, reply.header, NULL, NETLINK_ROUTE), 0);
}

Test(error_parse, of_a_torn_or_foreign_message_is_ebadmsg)
{
	struct lsk_nl_error error;
	LSK_NL_MSG(reply, 64);

	lsk_nl_msg_start(&reply, NLMSG_ERROR, 0, "1234", 4);
	cr_assert_eq(lsk_nl_error_parse(&error, reply.header, NULL, 0), -EBADMSG);
	lsk_nl_msg_start(&reply, RTM_NEWLINK, 0, "12345678901234567890", 20);
	cr_assert_eq(lsk_nl_error_parse(&error, reply.header, NULL, 0), -EBADMSG);
}

Test(error_parse, of_a_repeated_request_longer_than_the_reply_finds_no_attributes)
{
	struct request request;
	struct lsk_nl_error error;
	LSK_NL_MSG(reply, 128);
	struct nlmsgerr *body = (void *)((char *)reply.header + NLMSG_HDRLEN);

	request_init(&request);
	reply_start(&reply, &request, -EINVAL, false);
	reply.header->nlmsg_flags = NLM_F_ACK_TLVS;
	for (uint32_t len = 0; len < 200; len++) {
		body->msg.nlmsg_len = len;
		cr_assert_eq(
			lsk_nl_error_parse(&error, reply.header, NULL, NETLINK_ROUTE),
			-EINVAL);
		cr_assert_eq(error.has, 0);
	}
}

Test(error_parse, of_text_without_nul_stays_inside_the_attribute)
{
	struct request request;
	struct lsk_nl_error error;
	LSK_NL_MSG(reply, 512);
	char words[300];

	memset(words, 'w', sizeof(words));
	request_init(&request);
	reply_start(&reply, &request, -EINVAL, false);
	lsk_nl_put(&reply, NLMSGERR_ATTR_MSG, words, sizeof(words));
	lsk_nl_error_parse(&error, reply.header, NULL, NETLINK_ROUTE);
	cr_assert_eq(strlen(error.message), sizeof(error.message) - 1);
	reply_start(&reply, &request, -EINVAL, false);
	lsk_nl_put(&reply, NLMSGERR_ATTR_MSG, words, 3);
	lsk_nl_error_parse(&error, reply.header, NULL, NETLINK_ROUTE);
	cr_assert_str_eq(error.message, "www");
}

Test(error_format, cuts_at_every_size)
{
	struct lsk_nl_error error = {
		.code = -EINVAL,
		.message = "words",
		.path = ".a.b",
		.missing = ".c",
		.has = 1 << LSK_NL_ERROR_POLICY,
	};
	char whole[256];
	int len = lsk_nl_error_format(&error, whole, sizeof(whole));

	cr_assert_eq(len, (int)strlen(whole));
	for (int size = 1; size <= len; size++) {
		char text[256];

		cr_assert_eq(lsk_nl_error_format(&error, text, (size_t)size), len);
		cr_assert_eq(strlen(text), (size_t)size - 1);
	}
}
