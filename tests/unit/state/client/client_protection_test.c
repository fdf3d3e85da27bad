/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SP4_MACH_CRED (RFC 8881 §2.10.8.3) and Kerberos principals of clients: what is granted, and to
 * whom a client's name and sessions belong.
 */
#include "state/client/client_protection.h"

#include <string.h>

#include "base/memory.h"
#include "state/client/client_exchange.h"
#include "state/client/client_info.h"
#include "state/client/client_table.h"
#include "unit/state/client/client_fixture.h"

#define BIT(op) (UINT64_C(1) << (op))

/* Principals 1 and 2: by krb5i, by krb5. */
#define GSS(number, protected, what)                                                               \
    {                                                                                              \
        .principal = {CLIENT_PRINCIPAL_GSS | (number)}, .integrity = (protected),                  \
        .flavor = (what), .name = "host/web1@LAB.EXAMPLE", .transport = "tcp"                      \
    }
static const struct client_caller machine = GSS(1, true, "krb5i");
static const struct client_caller plain = GSS(1, false, "krb5");
static const struct client_caller mallory = GSS(2, true, "krb5p");

/* What Linux 6.12 asks for. */
static const uint32_t linux_enforce[] = {OP_BIND_CONN_TO_SESSION, OP_EXCHANGE_ID, OP_CREATE_SESSION,
                                         OP_DESTROY_SESSION, OP_DESTROY_CLIENTID};
static const uint32_t linux_allow[] = {
    OP_CLOSE,   OP_OPEN_DOWNGRADE,  OP_LOCKU,        OP_DELEGRETURN,  OP_COMMIT,      OP_WRITE,
    OP_SECINFO, OP_SECINFO_NO_NAME, OP_LAYOUTRETURN, OP_TEST_STATEID, OP_FREE_STATEID};

static void map_of(const uint32_t *ops, size_t count, struct bitmap4 *map)
{
    memset(map, 0, sizeof(*map));
    for (size_t i = 0; i < count; i++)
        bitmap4_set(map, ops[i]);
}

static enum nfsstat4 protect(const char *owner, uint8_t verifier, const struct client_caller *who,
                             uint32_t flags, struct client_exchange *out)
{
    struct EXCHANGE_ID4args args = exchange_args(owner, verifier, flags);
    struct state_protect_ops4 *ops = &args.eia_state_protect.spa_mach_ops;

    args.eia_state_protect.spa_how = SP4_MACH_CRED;
    map_of(linux_enforce, ARRAY_SIZE(linux_enforce), &ops->spo_must_enforce);
    map_of(linux_allow, ARRAY_SIZE(linux_allow), &ops->spo_must_allow);
    return client_exchange_id(state, who, NULL, &args, clock_now_ns(), out);
}

static struct client_exchange protected_client(struct CREATE_SESSION4resok *res)
{
    struct client_exchange made;

    assert_int_equal(protect("web1", 1, &machine, 0, &made), NFS4_OK);
    assert_int_equal(session(made.clientid, 1, &machine, res), NFS4_OK);
    return made;
}

/* W18, §18.35.3: what Linux asks for it gets, but for pNFS. */
static void what_linux_gets(void **unused)
{
    struct client_exchange made;
    struct state_protect4_r res;

    (void)unused;
    assert_int_equal(protect("web1", 1, &machine, 0, &made), NFS4_OK);
    client_protection_encode(&made.protection, &res);
    assert_int_equal(res.spr_how, SP4_MACH_CRED);
    assert_int_equal(res.spr_mach_ops.spo_must_enforce.count, 2);
    for (uint32_t op = 0; op < 64; op++) {
        bool enforced = false, allowed = false;

        for (size_t i = 0; i < ARRAY_SIZE(linux_enforce); i++)
            enforced = enforced || linux_enforce[i] == op;
        for (size_t i = 0; i < ARRAY_SIZE(linux_allow); i++)
            allowed = allowed || (linux_allow[i] == op && op != OP_LAYOUTRETURN);
        assert_int_equal(bitmap4_isset(&res.spr_mach_ops.spo_must_enforce, op), enforced);
        assert_int_equal(bitmap4_isset(&res.spr_mach_ops.spo_must_allow, op), allowed);
    }
}

/* §18.35.3: DELEGPURGE is confirmed if it is asked for; others of the client's are not. */
static void other_wishes(void **unused)
{
    static const uint32_t enforce[] = {OP_DELEGPURGE, OP_OPEN}, allow[] = {OP_READ, OP_CLOSE, 75};
    struct state_protect4_a asked = {.spa_how = SP4_MACH_CRED};
    struct client_protection granted;

    (void)unused;
    map_of(enforce, ARRAY_SIZE(enforce), &asked.spa_mach_ops.spo_must_enforce);
    map_of(allow, ARRAY_SIZE(allow), &asked.spa_mach_ops.spo_must_allow);
    assert_int_equal(client_protection_negotiate(&asked, &machine, &granted), NFS4_OK);
    assert_true(granted.enforced & BIT(OP_DELEGPURGE));
    assert_true(granted.enforced & BIT(OP_CREATE_SESSION));
    assert_false(granted.enforced & BIT(OP_OPEN));
    assert_int_equal(granted.allowed, BIT(OP_CLOSE));
}

/* §18.35.3: RPCSEC_GSS with integrity or privacy, or INVAL. */
static void needs_integrity(void **unused)
{
    struct client_exchange out;

    (void)unused;
    assert_int_equal(protect("web1", 1, &plain, 0, &out), NFS4ERR_INVAL);
    assert_int_equal(protect("web1", 1, &alice, 0, &out), NFS4ERR_INVAL);
    assert_int_equal(protect("web1", 1, &mallory, 0, &out), NFS4_OK);
}

/* §18.35.3: there are no algorithms for SP4_SSV. */
static void no_ssv(void **unused)
{
    struct wire_opaque algorithm = {(const uint8_t *)"x", 1};
    struct state_protect4_a asked = {.spa_how = SP4_SSV,
                                     .spa_ssv_parms = {.ssp_hash_algs = &algorithm,
                                                       .ssp_hash_algs_count = 1,
                                                       .ssp_encr_algs = &algorithm,
                                                       .ssp_encr_algs_count = 1,
                                                       .ssp_window = 1}};
    struct client_protection granted;

    (void)unused;
    assert_int_equal(client_protection_negotiate(&asked, &machine, &granted),
                     NFS4ERR_ENCR_ALG_UNSUPP);
    asked.spa_ssv_parms.ssp_window = 0;
    assert_int_equal(client_protection_negotiate(&asked, &machine, &granted), NFS4ERR_INVAL);
}

/* §2.4, §18.35.3: its name belongs to it as long as its lease lasts, with state or without. */
static void keeps_its_name(void **unused)
{
    static const struct client_caller *const others[] = {&alice, &mallory, &plain};
    struct CREATE_SESSION4resok res;
    struct client_exchange first = protected_client(&res), out;

    (void)unused;
    drop_session(&res);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        assert_int_equal(exchange("web1", 1, others[i], 0, &out), NFS4ERR_CLID_INUSE);
        assert_int_equal(exchange("web1", 2, others[i], 0, &out), NFS4ERR_CLID_INUSE);
    }
    assert_int_equal(exchange("web1", 1, &machine, 0, &out), NFS4_OK);
    assert_true(out.confirmed && out.clientid == first.clientid && out.protection.machine);
    clock_advance_ns(2 * LEASE_S * NSEC_PER_SEC);
    assert_int_equal(exchange("web1", 1, &alice, 0, &out), NFS4_OK);
    assert_int_not_equal(out.clientid, first.clientid);
    assert_false(out.protection.machine);
}

/* §18.35.4, case 9; and the machine credential without integrity. */
static void updates(void **unused)
{
    const uint32_t update = EXCHGID4_FLAG_UPD_CONFIRMED_REC_A;
    struct CREATE_SESSION4resok res;
    struct client_exchange out;

    (void)unused;
    protected_client(&res);
    assert_int_equal(exchange("web1", 1, &mallory, update, &out), NFS4ERR_PERM);
    assert_int_equal(exchange("web1", 1, &plain, update, &out), NFS4ERR_WRONG_CRED);
    assert_int_equal(exchange("web1", 1, &machine, update, &out), NFS4_OK);
    assert_true(out.protection.machine); /* though the update asks for SP4_NONE */
}

/* §2.10.8.3: nobody else makes sessions, or moves the sequence of those to come. */
static void sessions(void **unused)
{
    struct CREATE_SESSION4resok res, more;
    struct client_exchange made = protected_client(&res);

    (void)unused;
    assert_int_equal(session(made.clientid, 2, &mallory, &more), NFS4ERR_WRONG_CRED);
    assert_int_equal(session(made.clientid, 2, &plain, &more), NFS4ERR_WRONG_CRED);
    assert_int_equal(session(made.clientid, 2, &alice, &more), NFS4ERR_WRONG_CRED);
    assert_int_equal(session(made.clientid, 1, &alice, &more), NFS4ERR_WRONG_CRED); /* no retry */
    assert_int_equal(session(made.clientid, 2, &machine, &more), NFS4_OK);
}

/* The first one, which confirms the client. */
static void first_session(void **unused)
{
    struct CREATE_SESSION4resok res;
    struct client_exchange made;

    (void)unused;
    assert_int_equal(protect("web1", 1, &machine, 0, &made), NFS4_OK);
    assert_int_equal(session(made.clientid, 1, &mallory, &res), NFS4ERR_CLID_INUSE);
    assert_int_equal(session(made.clientid, 1, &plain, &res), NFS4ERR_WRONG_CRED);
    assert_int_equal(session(made.clientid, 1, &machine, &res), NFS4_OK);
}

static void destruction(void **unused)
{
    struct CREATE_SESSION4resok res;
    struct client_exchange made = protected_client(&res);

    (void)unused;
    drop_session(&res);
    assert_int_equal(client_destroy_id(state, made.clientid, &alice, clock_now_ns()),
                     NFS4ERR_WRONG_CRED);
    assert_int_equal(client_destroy_id(state, made.clientid, &plain, clock_now_ns()),
                     NFS4ERR_WRONG_CRED);
    assert_int_equal(client_destroy_id(state, made.clientid, &machine, clock_now_ns()), NFS4_OK);
}

/* §18.35.4, case 3: a client that registered with AUTH_SYS before the server had Kerberos.  Linux
 * goes on with AUTH_SYS. */
static void from_sys_to_kerberos(void **unused)
{
    struct CREATE_SESSION4resok res;
    struct client_exchange made = confirmed("web1", 1, &res), out;

    (void)unused;
    assert_int_equal(protect("web1", 1, &machine, 0, &out), NFS4ERR_CLID_INUSE);
    assert_int_equal(exchange("web1", 1, &alice, 0, &out), NFS4_OK);
    assert_true(out.confirmed && out.clientid == made.clientid);
    drop_session(&res);
    assert_int_equal(protect("web1", 1, &machine, 0, &out), NFS4_OK);
    assert_int_not_equal(out.clientid, made.clientid);
}

/* A ticket is renewed, a service is changed: the principal stays. */
static void principal_stays(void **unused)
{
    static const struct client_caller private = GSS(1, true, "krb5p");
    struct CREATE_SESSION4resok res;
    struct client_exchange made = protected_client(&res), out;

    (void)unused;
    assert_int_equal(exchange("web1", 1, &private, 0, &out), NFS4_OK);
    assert_int_equal(out.clientid, made.clientid);
}

/* What people are told of it. */
static void texts(void **unused)
{
    static const struct client_caller both = {.principal = {CLIENT_PRINCIPAL_GSS | 3},
                                              .flavor = "krb5",
                                              .name = "alice@LAB.EXAMPLE",
                                              .transport = "mtls",
                                              .certificate = "CN=web1"};
    char text[CLIENT_CALLER_TEXT_BYTES];
    struct client_exchange made;
    struct client_info info;

    (void)unused;
    assert_int_equal(exchange("a", 1, &both, 0, &made), NFS4_OK);
    assert_true(client_info_get(state, made.clientid, clock_now_ns(), &info));
    assert_string_equal(info.flavor, "krb5");
    assert_string_equal(info.name, "alice@LAB.EXAMPLE");
    assert_string_equal(info.transport, "mtls");
    assert_string_equal(info.certificate, "CN=web1");
    assert_false(info.protection.machine);
    assert_string_equal(client_caller_format(&both, text), "krb5 alice@LAB.EXAMPLE, mtls CN=web1");
    assert_string_equal(client_caller_format(&alice, text), "sys");
    assert_string_equal(client_caller_format(&machine, text), "krb5i host/web1@LAB.EXAMPLE");
}

/* Without memory nothing of the caller's own texts is freed with the copy. */
static void texts_without_memory(void **unused)
{
    static const struct client_caller both = {.principal = {CLIENT_PRINCIPAL_GSS | 3},
                                              .flavor = "krb5",
                                              .name = "alice@LAB.EXAMPLE",
                                              .transport = "mtls",
                                              .certificate = "CN=web1"};

    (void)unused;
    for (uint64_t nth = 1; nth <= 2; nth++) {
        struct client_caller copy;

        memory_fail_nth(nth);
        assert_false(client_caller_copy(&copy, &both));
        assert_true(memory_fail_done());
        assert_ptr_not_equal(copy.certificate, both.certificate);
        client_caller_free(&copy);
    }
    memory_fail_nth(0);
}

#define CLIENT_TEST(name) cmocka_unit_test_setup_teardown(name, client_set_up, client_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(what_linux_gets),
        CLIENT_TEST(other_wishes),
        CLIENT_TEST(needs_integrity),
        CLIENT_TEST(no_ssv),
        CLIENT_TEST(keeps_its_name),
        CLIENT_TEST(updates),
        CLIENT_TEST(sessions),
        CLIENT_TEST(first_session),
        CLIENT_TEST(destruction),
        CLIENT_TEST(from_sys_to_kerberos),
        CLIENT_TEST(principal_stays),
        CLIENT_TEST(texts),
        CLIENT_TEST(texts_without_memory),
    };

    return test_group_run(tests);
}
