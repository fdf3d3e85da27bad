/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts with a real KDC: who gets one, and what an administrator reads about who does not. */
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "gss/gss_keytab.h"
#include "initiator.h"

static struct test_realm realm;
static struct acceptance server;
static struct initiator alice;
static char last_line[4096]; /* of the log */
static char keytab[128];

static void note_line(void *context, enum log_level level, enum log_part part, const char *json,
                      size_t len)
{
    (void)context;
    (void)level;
    (void)part;
    (void)snprintf(last_line, sizeof(last_line), "%.*s", (int)len, json);
}

static const struct log_watch watch = {.line = note_line};

static int start(void **state)
{
    static const char *const options[] = {"--server", "localhost", "--server", "other", NULL};

    (void)state;
    log_set_watch(&watch);
    return test_realm_start(&realm, options) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    log_set_watch(NULL);
    test_realm_fini(&realm);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(keytab, sizeof(keytab), "%s/server.keytab", realm.dir);
    acceptance_init(&server, keytab, NULL);
    initiator_init(&alice, &realm, "alice", "alice", "nfs@localhost");
    last_line[0] = '\0';
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    initiator_fini(&alice);
    acceptance_fini(&server);
    return 0;
}

/* The server refuses the client's token, for that reason, in such words. */
static void assert_refused(uint32_t major, enum gss_refusal refusal, const char *words)
{
    uint64_t before = gss_acceptor_refused(server.acceptor, refusal);

    acceptance_take(&server, alice.token.value, alice.token.length, NULL);
    initiator_clock_s = 0;
    assert_null(server.reply.context);
    assert_false(server.reply.complete);
    if (!strstr(last_line, words) || server.reply.refusal != refusal)
        printf("refusal %u: %s\n", server.reply.refusal, last_line);
    assert_int_equal(server.reply.refusal, refusal);
    assert_int_equal(server.reply.major & 0xffff0000u, major);
    assert_non_null(strstr(last_line, "gss.refuse"));
    assert_non_null(strstr(last_line, words));
    assert_int_equal(gss_acceptor_refused(server.acceptor, refusal), before + 1);
}

static void test_complete(void **state)
{
    const struct gss_principal *principal;
    struct gss_table_stats stats;
    struct wire_opaque handle;

    (void)state;
    acceptance_meet(&server, &alice);
    principal = gss_context_principal(server.context);
    assert_string_equal(principal->name, "alice@MAINSTAY.TEST");
    assert_string_equal(principal->realm, "MAINSTAY.TEST");
    assert_false(principal->machine);
    assert_string_equal(gss_context_enctype(server.context), "aes256-cts-hmac-sha1-96");
    assert_int_equal(server.reply.seq_window, 1024);
    handle = (struct wire_opaque){gss_context_handle(server.context), GSS_HANDLE_BYTES};
    gss_context_put(server.context);
    server.context = gss_table_lookup(server.table, &handle);
    assert_ptr_equal(server.context, server.reply.context);
    assert_non_null(strstr(last_line, "\"principal\":\"alice@MAINSTAY.TEST\""));
    gss_table_stats_read(server.table, &stats);
    assert_int_equal(stats.made, 1);
    assert_int_equal(stats.contexts, 1);
}

/* Principals are the same from context to context, and the machine is told from its users. */
static void test_principals(void **state)
{
    struct initiator bob, machine;
    uint64_t id;

    (void)state;
    acceptance_meet(&server, &alice);
    id = gss_context_principal(server.context)->id;
    acceptance_meet(&server, &alice);
    assert_true(gss_context_principal(server.context)->id == id);
    initiator_init(&bob, &realm, "bob", "bob", "nfs@localhost");
    acceptance_meet(&server, &bob);
    assert_false(gss_context_principal(server.context)->id == id);
    initiator_init(&machine, &realm, "host/client.mainstay.test", "machine", "nfs@localhost");
    acceptance_meet(&server, &machine);
    assert_true(gss_context_principal(server.context)->machine);
    initiator_fini(&machine);
    initiator_fini(&bob);
}

/* A context ends with its ticket, or earlier where that is set. */
static void test_expiry(void **state)
{
    int64_t now_ns = clock_now_ns(), ends_ns;

    (void)state;
    acceptance_meet(&server, &alice);
    ends_ns = gss_context_expires_ns(server.context);
    assert_in_range((ends_ns - now_ns) / NSEC_PER_SEC, 23 * 3600, 24 * 3600 + 1);
    assert_false(gss_context_is_expired(server.context, now_ns));
    assert_true(gss_context_is_expired(server.context, ends_ns));
    gss_table_set_limits(server.table, 0, 60);
    acceptance_meet(&server, &alice);
    ends_ns = gss_context_expires_ns(server.context);
    assert_in_range((ends_ns - now_ns) / NSEC_PER_SEC, 60, 120);
}

/* Three steps, as clients of the DCE make them. */
static void test_steps(void **state)
{
    uint8_t handle[GSS_HANDLE_BYTES];

    (void)state;
    alice.flags |= GSS_C_DCE_STYLE;
    initiator_step(&alice, NULL);
    acceptance_take(&server, alice.token.value, alice.token.length, NULL);
    assert_int_equal(server.reply.major, GSS_S_CONTINUE_NEEDED);
    assert_non_null(server.reply.context);
    assert_false(gss_context_is_established(server.reply.context));
    assert_null(gss_context_principal(server.reply.context));
    acceptance_meet(&server, &alice);
    assert_true(gss_context_is_established(server.context));
    /* A complete context cannot go on. */
    memcpy(handle, gss_context_handle(server.context), sizeof(handle));
    acceptance_take(&server, "x", 1, handle);
    assert_null(server.reply.context);
    assert_int_equal(server.reply.refusal, GSS_REFUSAL_no_context);
    assert_true(gss_context_is_established(server.context));
    /* Neither can one that nobody knows. */
    handle[0] ^= 1;
    acceptance_take(&server, "x", 1, handle);
    assert_int_equal(server.reply.refusal, GSS_REFUSAL_no_context);
}

/* The second step of a context that is being made is garbage: the context is gone. */
static void test_step_bad(void **state)
{
    struct gss_table_stats stats;
    uint8_t handle[GSS_HANDLE_BYTES];

    (void)state;
    alice.flags |= GSS_C_DCE_STYLE;
    initiator_step(&alice, NULL);
    acceptance_take(&server, alice.token.value, alice.token.length, NULL);
    memcpy(handle, gss_context_handle(server.reply.context), sizeof(handle));
    acceptance_take(&server, "garbage", 7, handle);
    assert_null(server.reply.context);
    gss_table_stats_read(server.table, &stats);
    assert_int_equal(stats.contexts, 0);
    assert_int_equal(stats.unproven, 0);
}

static void test_no_keytab(void **state)
{
    char why[256];

    (void)state;
    initiator_step(&alice, NULL);
    acceptance_fini(&server);
    acceptance_init(&server, "/nonexistent/keytab", NULL);
    assert_refused(GSS_S_NO_CRED, GSS_REFUSAL_no_keytab,
                   "the server's keytab /nonexistent/keytab: it does not exist");
    /* Told once. */
    last_line[0] = '\0';
    assert_false(gss_credential_is_usable(server.credential, why, sizeof(why)));
    assert_string_equal(last_line, "");
}

/* That there is none is a matter of course, unless somebody has named one. */
static void test_keytab_unnamed(void **state)
{
    char why[256];

    (void)state;
    assert_int_equal(unsetenv("KRB5_KTNAME"), 0);
    acceptance_fini(&server);
    acceptance_init(&server, NULL, NULL);
    if (!gss_credential_is_usable(server.credential, why, sizeof(why)))
        assert_non_null(strstr(last_line, "\"level\":\"info\""));
    assert_int_equal(setenv("KRB5_KTNAME", "/nonexistent/keytab", 1), 0);
    acceptance_fini(&server);
    acceptance_init(&server, NULL, NULL);
    assert_false(gss_credential_is_usable(server.credential, why, sizeof(why)));
    assert_non_null(strstr(why, "/nonexistent/keytab"));
    assert_non_null(strstr(last_line, "\"level\":\"warn\""));
    assert_int_equal(unsetenv("KRB5_KTNAME"), 0);
}

/* A keytab that appears, loses its permission and gets it back, without a restart. */
static void test_keytab_changes(void **state)
{
    char why[256], copy[160], command[512];

    (void)state;
    initiator_step(&alice, NULL);
    (void)snprintf(copy, sizeof(copy), "%s/copy.keytab", realm.dir);
    acceptance_fini(&server);
    acceptance_init(&server, copy, NULL);
    assert_refused(GSS_S_NO_CRED, GSS_REFUSAL_no_keytab, "it does not exist");
    assert_false(gss_credential_is_usable(server.credential, why, sizeof(why)));
    (void)snprintf(command, sizeof(command), "cp %s %s", keytab, copy);
    assert_int_equal(system(command), 0);
    acceptance_meet(&server, &alice);
    assert_int_equal(chmod(copy, 0), 0);
    initiator_restart(&alice);
    initiator_step(&alice, NULL);
    if (geteuid() != 0) /* root may read all files */
        assert_refused(GSS_S_NO_CRED, GSS_REFUSAL_no_keytab, "may not read it");
    assert_int_equal(chmod(copy, 0600), 0);
    acceptance_meet(&server, &alice);
    /* The keys of a user are of no use to a server. */
    (void)snprintf(command, sizeof(command), "cp %s/alice.keytab %s", realm.dir, copy);
    assert_int_equal(system(command), 0);
    initiator_restart(&alice);
    initiator_step(&alice, NULL);
    assert_refused(GSS_S_NO_CRED, GSS_REFUSAL_no_keytab, "it has no key of an nfs/ principal");
    assert_int_equal(unlink(copy), 0);
    /* Nobody writes to it: whoever reads it waits for ever. */
    assert_int_equal(mkfifo(copy, 0600), 0);
    initiator_restart(&alice);
    initiator_step(&alice, NULL);
    assert_refused(GSS_S_NO_CRED, GSS_REFUSAL_no_keytab, "it is no regular file");
    assert_int_equal(unlink(copy), 0);
}

static void test_not_in_keytab(void **state)
{
    char other[160], command[200];

    (void)state;
    (void)snprintf(other, sizeof(other), "%s/other.keytab", realm.dir);
    (void)snprintf(command, sizeof(command), "ktadd -norandkey -k %s nfs/other", other);
    assert_true(test_realm_admin(&realm, command));
    acceptance_fini(&server);
    acceptance_init(&server, other, NULL);
    initiator_step(&alice, NULL);
    assert_refused(GSS_S_FAILURE, GSS_REFUSAL_no_key,
                   "nfs/localhost@MAINSTAY.TEST is not in the keytab");
    assert_non_null(strstr(last_line, "other.keytab"));
}

/* Tickets for services other than nfs/ are not taken, even if the keytab has their keys. */
static void test_other_service(void **state)
{
    char command[200];

    (void)state;
    assert_true(test_realm_admin(&realm, "addprinc -randkey http/localhost"));
    (void)snprintf(command, sizeof(command), "ktadd -norandkey -k %s http/localhost", keytab);
    assert_true(test_realm_admin(&realm, command));
    initiator_fini(&alice);
    initiator_init(&alice, &realm, "alice", "alice", "http@localhost");
    initiator_step(&alice, NULL);
    assert_refused(GSS_S_FAILURE, GSS_REFUSAL_no_key,
                   "the ticket is for http/localhost@MAINSTAY.TEST, not for an nfs/ service");
}

/* The KDC has a newer key than the keytab; then one that only claims to be of that version. */
static void test_key_version(void **state)
{
    char command[200];

    (void)state;
    assert_true(test_realm_admin(&realm, "cpw -randkey nfs/localhost"));
    initiator_step(&alice, NULL);
    assert_refused(GSS_S_FAILURE, GSS_REFUSAL_no_key,
                   "the ticket needs version 3 of the key of nfs/localhost@MAINSTAY.TEST");
    assert_non_null(strstr(last_line, "server.keytab has 2"));
    assert_true(test_realm_admin(&realm, "modprinc -kvno 2 nfs/localhost"));
    initiator_fini(&alice);
    initiator_init(&alice, &realm, "alice", "alice", "nfs@localhost");
    initiator_step(&alice, NULL);
    assert_refused(GSS_S_FAILURE, GSS_REFUSAL_bad_key,
                   "version 2 of the key of nfs/localhost@MAINSTAY.TEST in the keytab");
    /* The new key, in the keytab that the server uses already. */
    assert_int_equal(unlink(keytab), 0);
    (void)snprintf(command, sizeof(command), "ktadd -norandkey -k %s nfs/localhost nfs/other",
                   keytab);
    assert_true(test_realm_admin(&realm, command));
    acceptance_meet(&server, &alice);
}

/* With the ticket that it has, the client goes on after its clock has jumped. */
static void take_ticket_then_jump(int64_t seconds)
{
    initiator_step(&alice, NULL);
    initiator_restart(&alice);
    initiator_clock_s = seconds;
    initiator_step(&alice, NULL);
    initiator_clock_s = 0;
}

/* The test itself may take a second or two. */
static void assert_apart(const char *side)
{
    const char *at = strstr(last_line, "clock differs by ");
    long seconds = 0;

    assert_non_null(at);
    assert_int_equal(sscanf(at, "clock differs by %ld s", &seconds), 1);
    assert_in_range(seconds, 395, 405);
    assert_non_null(strstr(at, side));
}

static void test_clock(void **state)
{
    (void)state;
    take_ticket_then_jump(400);
    assert_refused(GSS_S_FAILURE, GSS_REFUSAL_clock, "clock differs by");
    assert_apart("the client's is ahead");
    initiator_restart(&alice);
    initiator_step(&alice, NULL);
    initiator_clock_s = 400; /* the server's */
    assert_refused(GSS_S_FAILURE, GSS_REFUSAL_clock, "clock differs by");
    assert_apart("the client's is behind");
}

static void test_expired(void **state)
{
    (void)state;
    initiator_step(&alice, NULL);
    initiator_clock_s = 25 * 3600;
    assert_refused(GSS_S_FAILURE, GSS_REFUSAL_expired,
                   "its ticket for nfs/localhost@MAINSTAY.TEST has expired");
}

/* Without mutual authentication the server would have no part in the key. */
static void test_one_sided(void **state)
{
    (void)state;
    alice.flags = 0;
    initiator_step(&alice, NULL);
    assert_refused(GSS_S_FAILURE, GSS_REFUSAL_enctype, "takes no part in choosing the key");
}

static void test_garbage(void **state)
{
    static const char garbage[] = "this is no token of anything that could make a context";

    (void)state;
    alice.token = (gss_buffer_desc){.length = sizeof(garbage), .value = (void *)garbage};
    assert_refused(GSS_S_DEFECTIVE_TOKEN, GSS_REFUSAL_bad_token, "it sent is no token of Kerberos");
    alice.token.length = 0;
    assert_refused(GSS_S_DEFECTIVE_TOKEN, GSS_REFUSAL_bad_token, "it sent an empty token");
    alice.token.value = NULL;
}

/* Only Kerberos itself, no negotiation of mechanisms (RFC 4178), here of none. */
static void test_spnego(void **state)
{
    static const uint8_t spnego[] = {0x60, 0x10, 0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05,
                                     0x02, 0xa0, 0x06, 0x30, 0x04, 0xa0, 0x02, 0x30, 0x00};

    (void)state;
    alice.token = (gss_buffer_desc){.length = sizeof(spnego), .value = (void *)spnego};
    assert_refused(GSS_S_NO_CRED, GSS_REFUSAL_bad_token, "it sent is no token of Kerberos");
    alice.token = (gss_buffer_desc)GSS_C_EMPTY_BUFFER;
}

/* No part of a good token makes a context, and none of its bytes can be changed to be somebody
 * else's. */
static void test_cut_and_changed(void **state)
{
    uint8_t token[4096];
    size_t bytes;

    (void)state;
    initiator_step(&alice, NULL);
    bytes = alice.token.length;
    assert_true(bytes < sizeof(token));
    memcpy(token, alice.token.value, bytes);
    for (size_t cut = 0; cut < bytes; cut += 7) {
        acceptance_take(&server, token, cut, NULL);
        assert_null(server.reply.context);
        assert_int_equal(server.reply.refusal, GSS_REFUSAL_bad_token);
    }
    for (size_t at = 0; at < bytes; at++) {
        token[at] ^= 0x10;
        acceptance_take(&server, token, bytes, NULL);
        token[at] ^= 0x10;
        if (server.reply.context)
            assert_string_equal(gss_context_principal(server.reply.context)->name,
                                "alice@MAINSTAY.TEST");
    }
    acceptance_take(&server, token, bytes, NULL);
    assert_true(server.reply.complete);
}

static void test_realm_name(void **state)
{
    char name[64], why[512];

    (void)state;
    assert_false(gss_credential_realm(server.credential, name, sizeof(name)));
    assert_true(gss_credential_is_usable(server.credential, why, sizeof(why)));
    assert_true(gss_credential_realm(server.credential, name, sizeof(name)));
    assert_string_equal(name, "MAINSTAY.TEST");
    assert_false(gss_credential_realm(server.credential, name, 13));
    assert_string_equal(gss_credential_keytab(server.credential), keytab);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_complete),        TEST(test_principals),     TEST(test_expiry),
        TEST(test_steps),           TEST(test_step_bad),       TEST(test_no_keytab),
        TEST(test_keytab_unnamed),  TEST(test_keytab_changes), TEST(test_not_in_keytab),
        TEST(test_other_service),   TEST(test_clock),          TEST(test_expired),
        TEST(test_one_sided),       TEST(test_garbage),        TEST(test_spnego),
        TEST(test_cut_and_changed), TEST(test_realm_name),     TEST(test_key_version),
    };

    return test_group_run_fixtures(tests, start, stop);
}
