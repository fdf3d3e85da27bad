/* SPDX-License-Identifier: Apache-2.0 */
#include "gss.h"

#include <string.h>

enum {
    FILE_BYTES = 1 << 20
};

struct test_realm gss_realm;

static char keytab[128], local[160];
static const char *const options[] = {
    "--export", "/mem=mem:,no_root_squash,sec=krb5p:krb5i:krb5:sys",
    "--export", "/private=mem:,no_root_squash,sec=krb5p",
    "--export", local,
    "--keytab", keytab,
    NULL};

int gss_setup(void **state)
{
    (void)state;
    return gss_setup_with(NULL);
}

int gss_setup_with(const char *const *realm_options)
{
    if (!test_realm_start(&gss_realm, realm_options) || !test_server_init(&script_server))
        return -1;
    (void)snprintf(keytab, sizeof(keytab), "%s", test_realm_path(&gss_realm, "server.keytab"));
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash,sec=krb5p:krb5i:krb5:sys",
                   script_server.data);
    return script_setup(options) == 0 && script_open_to_all("/mem") ? 0 : -1;
}

int gss_teardown(void **state)
{
    int result = script_teardown(state);

    test_realm_fini(&gss_realm);
    return result;
}

bool gss_server_start(void)
{
    return test_server_start(&script_server, options);
}

struct client_gss_wish gss_wish(const char *user)
{
    static char file[160], ccache[160];

    (void)snprintf(file, sizeof(file), "%s/%s.keytab", gss_realm.dir, user);
    (void)snprintf(ccache, sizeof(ccache), "FILE:%s/%s.ccache", gss_realm.dir, user);
    return (struct client_gss_wish){
        .server = "localhost", .principal = user, .ccache = ccache, .keytab = file};
}

struct client_gss *gss_connect(struct client_conn *conn, const char *user, uint32_t service)
{
    struct client_gss_wish wish = gss_wish(user);
    char why[CLIENT_WHY_BYTES] = "";
    struct client_gss *gss;

    script_connect(conn);
    if (client_gss_open(conn, &wish, &gss, why) != CLIENT_OK)
        fail_msg("no context: %s", why);
    client_gss_use(conn, gss, service);
    client_gss_put(gss); /* the connection has it */
    return gss;
}

static enum client_status call(struct client_conn *conn, uint32_t program, uint32_t version,
                               uint32_t procedure, struct client_reply *reply)
{
    enum client_status status;
    uint32_t xid;

    status = client_call_send(conn, program, version, procedure, NULL, 0, &xid);
    return status == CLIENT_OK ? client_call_receive(conn, xid, reply) : status;
}

void gss_send_null(struct client_conn *conn, uint32_t *xid)
{
    assert_int_equal(client_call_send(conn, NFS4_PROGRAM, NFS_V4, NFSPROC4_NULL, NULL, 0, xid),
                     CLIENT_OK);
}

void gss_expect_null(struct client_conn *conn)
{
    struct client_reply reply = {0};

    assert_int_equal(call(conn, NFS4_PROGRAM, NFS_V4, NFSPROC4_NULL, &reply), CLIENT_OK);
    assert_int_equal(reply.verf, CLIENT_VERF_GOOD);
    assert_int_equal(xdr_left(&reply.results), 0);
    client_reply_free(&reply);
}

void gss_denied(struct client_conn *conn, enum auth_stat stat, const char *file, int line)
{
    struct client_reply reply = {0};
    enum client_status status = call(conn, NFS4_PROGRAM, NFS_V4, NFSPROC4_NULL, &reply);

    if (status != CLIENT_REJECTED || reply.header.stat != MSG_DENIED ||
        reply.header.reject_stat != REJECT_AUTH_ERROR || reply.header.auth_stat != stat)
        fail_msg("%s:%d: %s, and not denied with %u", file, line, client_status_name(status), stat);
    client_reply_free(&reply);
}

void gss_error(struct client_conn *conn, uint32_t program, uint32_t version, uint32_t procedure,
               enum rpc_accept_stat stat, const char *file, int line)
{
    struct client_reply reply = {0};
    enum client_status status = call(conn, program, version, procedure, &reply);

    if (status != CLIENT_REJECTED || reply.header.stat != MSG_ACCEPTED ||
        reply.header.accept_stat != stat || reply.verf != CLIENT_VERF_GOOD)
        fail_msg("%s:%d: %s, and not accepted with %u", file, line, client_status_name(status),
                 stat);
    client_reply_free(&reply);
}

struct client_session_wish gss_session_wish(uint32_t minor)
{
    struct client_session_wish wish = client_session_wish_default(NULL);

    wish.flags &= ~(uint32_t)CREATE_SESSION4_FLAG_CONN_BACK_CHAN;
    wish.minor = minor;
    return wish;
}

/* Of 4.0 if `wish` is NULL. */
static void mount_by(struct client_mount *mount, const struct client_security *security,
                     const struct client_session_wish *wish)
{
    struct client_cred cred = script_cred();
    enum nfsstat4 status;

    cred.security = security;
    status =
        wish ? client_mount_open(mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, wish)
             : client_mount_open_v40(mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, NULL);
    if (status != NFS4_OK)
        fail_msg("%s: %u: %s", client_sec_name(security->sec), status, mount->conn.why);
    mount->conn.cred.security = NULL; /* the caller's */
}

void gss_mount(struct client_mount *mount, const char *user, enum client_sec sec, uint32_t minor)
{
    struct client_session_wish wish = gss_session_wish(minor);
    struct client_security security = {.sec = sec, .gss = gss_wish(user)};

    mount_by(mount, &security, minor == 0 ? NULL : &wish);
}

void gss_mount_as(struct client_mount *mount, const char *user, enum client_sec sec,
                  const struct client_session_wish *wish)
{
    struct client_security security = {.sec = sec, .gss = gss_wish(user)};

    mount_by(mount, &security, wish);
}

void gss_mount_with(struct client_mount *mount, struct client_gss *gss, enum client_sec sec)
{
    struct client_session_wish wish = gss_session_wish(1);
    struct client_security security = {.sec = sec, .context = gss};

    mount_by(mount, &security, &wish);
}

static bool count_entry(const struct entry4 *entry, void *context)
{
    (void)entry;
    ++*(uint32_t *)context;
    return true;
}

static void write_all(struct client_mount *mount, const struct client_file *file,
                      const uint8_t *data)
{
    uint32_t written;

    for (uint32_t at = 0; at < FILE_BYTES; at += written) {
        expect_status(
            client_file_write(mount, file, at, UNSTABLE4, data + at, FILE_BYTES - at, &written),
            NFS4_OK);
        assert_in_range(written, 1, FILE_BYTES - at);
    }
}

static void read_all(struct client_mount *mount, const struct client_file *file, uint8_t *data)
{
    uint32_t got;
    bool eof;

    for (uint32_t at = 0; at < FILE_BYTES; at += got) {
        expect_status(client_file_read(mount, file, at, data + at, FILE_BYTES - at, &got, &eof),
                      NFS4_OK);
        assert_in_range(got, 1, FILE_BYTES - at);
    }
}

void gss_write_and_read(struct client_mount *mount, const struct client_fh *dir, uint32_t seed)
{
    static uint8_t sent[FILE_BYTES], received[FILE_BYTES];
    struct client_file file = make_open(mount, dir, "large");
    uint32_t entries = 0;

    for (uint32_t i = 0; i < FILE_BYTES; i++)
        sent[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
    write_all(mount, &file, sent);
    read_all(mount, &file, received);
    assert_memory_equal(sent, received, FILE_BYTES);
    expect_status(client_file_close(mount, &file), NFS4_OK);
    expect_status(client_file_readdir(mount, dir, CLIENT_BITS(FATTR4_SIZE), count_entry, &entries),
                  NFS4_OK);
    assert_int_equal(entries, 1);
    expect_status(client_file_remove(mount, dir, "large"), NFS4_OK);
}
