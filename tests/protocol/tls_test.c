/* SPDX-License-Identifier: Apache-2.0 */
/* A server with certificates: its options, and SIGHUP, which reads them again. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/client_conn.h"
#include "client/client_security.h"
#include "client/client_tls.h"
#include "holder.h"
#include "lib/pki.h"
#include "lib/tls_client.h"
#include "lib/wait.h"
#include "log_lines.h"
#include "script.h"
#include "wire/nfs4_const.h"

enum {
    DATA_BYTES = 1 << 20
};

static struct pki pki;
static char paths[8][PKI_PATH_BYTES];

static int setup(void **state)
{
    static const char *options[16];

    (void)state;
    pki_create(&pki);
    pki_replace(&pki, "live.pem", "server.pem");
    pki_replace(&pki, "live.key", "server.key");
    pki_replace(&pki, "live.crl", "revoked.crl");
    options[0] = "--export";
    options[1] = "/mem=mem,no_root_squash";
    options[2] = "--tls-cert";
    options[3] = pki_path(&pki, "live.pem", paths[0]);
    options[4] = "--tls-key";
    options[5] = pki_path(&pki, "live.key", paths[1]);
    options[6] = "--tls-ca";
    options[7] = pki_path(&pki, "ca.pem", paths[2]);
    options[8] = "--tls-crl";
    options[9] = pki_path(&pki, "live.crl", paths[3]);
    return script_setup(options) == 0 && script_open_to_all("/mem") ? 0 : -1;
}

static int teardown(void **state)
{
    int result = script_teardown(state);

    pki_destroy(&pki);
    return result;
}

/* A session by that certificate; NULL: by none. */
static void session_open(struct tls_client *client, const char *cert)
{
    char name[64], ca[PKI_PATH_BYTES], cert_path[PKI_PATH_BYTES], key_path[PKI_PATH_BYTES];
    struct tls_client_wish wish = {.ca = pki_path(&pki, "ca.pem", ca)};
    struct client_conn conn;
    int fd;

    if (cert) {
        (void)snprintf(name, sizeof(name), "%s.pem", cert);
        wish.cert = pki_path(&pki, name, cert_path);
        (void)snprintf(name, sizeof(name), "%s.key", cert);
        wish.key = pki_path(&pki, name, key_path);
    }
    script_connect(&conn);
    fd = dup(conn.fd);
    client_conn_close(&conn);
    assert_true(fd >= 0);
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    assert_true(tls_client_probe(fd, NFS4_PROGRAM, NFS_V4));
    tls_client_init(client, fd, &wish);
    assert_true(tls_client_connect(client));
}

/* Does the server answer NULL? */
static bool is_served(struct tls_client *client)
{
    uint32_t words[11] = {0}, reply[16];

    words[0] = htobe32(0x80000000u | (sizeof(words) - 4));
    words[1] = htobe32(7);
    words[3] = htobe32(2);
    words[4] = htobe32(NFS4_PROGRAM);
    words[5] = htobe32(NFS_V4);
    tls_client_send(client, words, sizeof(words));
    return tls_client_receive_record(client, reply, sizeof(reply)) == 24 && reply[5] == 0;
}

static void hang_up(void)
{
    unsigned before = log_find("tls.load", NULL).count;

    assert_int_equal(kill(script_server.pid, SIGHUP), 0);
    wait_until_every(2, log_find("tls.load", NULL).count > before);
}

static void sessions_are_logged(void **state)
{
    struct tls_client anonymous, known;
    struct log_line line;

    (void)state;
    session_open(&anonymous, NULL);
    assert_true(is_served(&anonymous));
    line = log_find("tls.open", NULL);
    assert_string_equal(log_value(&line, "mode"), "tls");
    session_open(&known, "client1");
    assert_true(is_served(&known));
    line = log_find("tls.open", NULL);
    assert_string_equal(log_value(&line, "mode"), "mtls");
    assert_string_equal(log_value(&line, "version"), "TLSv1.3");
    assert_string_equal(log_value(&line, "subject"), "CN=client1,O=Mainstay tests");
    tls_client_fini(&anonymous);
    tls_client_fini(&known);
}

static void refusals_are_explained(void **state)
{
    struct tls_client client;
    struct log_line line;

    (void)state;
    session_open(&client, "rogue");
    assert_false(is_served(&client));
    line = log_find("tls.refused", NULL);
    assert_non_null(strstr(log_value(&line, "why"), "not signed by a CA"));
    tls_client_fini(&client);
}

/* A client that trusts another CA, or looks for another name, ends the handshake by an alert. */
static void alerts_are_put_into_words(void **state)
{
    const struct {
        const char *ca, *name, *words;
    } clients[] = {{"rogueca.pem", "localhost", "does not trust the CA of the server's"},
                   {"ca.pem", "elsewhere.test", "by a name that is not in it"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
        struct client_tls_wish wish = {.ca = pki_path(&pki, clients[i].ca, paths[4]),
                                       .name = clients[i].name};
        unsigned before = log_find("tls.refused", NULL).count;
        char why[CLIENT_WHY_BYTES];
        struct client_conn conn;
        struct log_line line;

        script_connect(&conn);
        assert_int_equal(client_tls_open(&conn, &wish, why), CLIENT_FAILED);
        wait_until_every(2, log_find("tls.refused", NULL).count > before);
        line = log_find("tls.refused", NULL);
        assert_non_null(strstr(log_value(&line, "why"), clients[i].words));
        client_conn_close(&conn);
    }
}

static struct client_security mutual(void)
{
    return (struct client_security){
        .xprtsec = CLIENT_XPRTSEC_MTLS,
        .tls = {.ca = pki_path(&pki, "ca.pem", paths[4]),
                .cert = pki_path(&pki, "client2.pem", paths[5]),
                .key = pki_path(&pki, "client2.key", paths[6]),
                .name = "localhost",
                .no_alpn = true},
    };
}

/* What is written is read back, in requests of the largest size. */
static void expect_data(struct client_mount *mount, const struct client_file *file)
{
    static uint8_t written[DATA_BYTES], got[DATA_BYTES];
    uint32_t count;
    bool eof;

    for (uint32_t i = 0; i < DATA_BYTES; i++)
        written[i] = (uint8_t)(i * 31 >> 3);
    expect_status(client_file_write(mount, file, 0, FILE_SYNC4, written, DATA_BYTES, &count),
                  NFS4_OK);
    assert_int_equal(count, DATA_BYTES);
    expect_status(client_file_read(mount, file, 0, got, DATA_BYTES, &count, &eof), NFS4_OK);
    assert_int_equal(count, DATA_BYTES);
    assert_memory_equal(got, written, DATA_BYTES);
}

/* Sessions, data and callbacks: all over the connection of the client. */
static void nfs(void **state)
{
    static const char *const names[] = {"zero", "one", "two"};
    const struct client_security security = mutual();
    struct client_fh dir = script_dir("/mem");
    struct client_file file;
    struct holder holder;

    (void)state;
    script_security = &security;
    for (uint32_t minor = 0; minor <= 2; minor++) {
        holder_open(&holder, minor);
        assert_true(client_tls_facts(&holder.mount.conn)->done);
        file = holder_contended(&holder, &dir, names[minor]);
        (void)holder_wait_recall(&holder, &file);
        expect_data(&holder.mount, &file);
        holder_finish(&holder, &file);
        conflict_over(&dir, names[minor]);
        holder_close(&holder);
    }
    script_security = NULL;
}

/* What was answered over TLS is not repeated in the clear (W04). */
static void retried_in_the_clear(void **state)
{
    const struct client_security security = mutual();
    struct client_fh dir = script_dir("/mem");
    struct client_conn plain;
    struct holder holder;

    (void)state;
    script_security = &security;
    holder_open(&holder, 1);
    script_security = NULL;
    begin(&holder.mount, &dir);
    client_op_create(C, "made", NF4DIR, NULL, 0700);
    client_op_getfh(C);
    run(NFS4_OK);
    script_connect(&plain);
    plain.cred = holder.mount.conn.cred;
    run_again_on(&plain, NFS4ERR_SEQ_FALSE_RETRY);
    client_conn_close(&plain);
    holder_close(&holder);
}

/* A certificate that is revoked meanwhile: its connection ends, others do not. */
static void revocation(void **state)
{
    struct tls_client revoked, other, anonymous;
    struct log_line line;

    (void)state;
    session_open(&revoked, "client1");
    session_open(&other, "client2");
    session_open(&anonymous, NULL);
    assert_true(is_served(&revoked));
    pki_replace(&pki, "live.crl", "client1.crl");
    hang_up();
    assert_true(is_served(&other));
    assert_true(is_served(&anonymous));
    tls_client_drain(&revoked);
    assert_false(is_served(&revoked));
    line = log_find("tls.cut", NULL);
    assert_string_equal(log_value(&line, "subject"), "CN=client1,O=Mainstay tests");
    tls_client_fini(&revoked);
    session_open(&revoked, "client1");
    assert_false(is_served(&revoked));
    tls_client_fini(&revoked);
    tls_client_fini(&other);
    tls_client_fini(&anonymous);
    pki_replace(&pki, "live.crl", "revoked.crl");
    hang_up();
}

/* Files that are no good: all stays as it is, and the log says which and why. */
static void bad_files(void **state)
{
    struct tls_client before, after;
    struct log_line line;

    (void)state;
    session_open(&before, "client1");
    pki_replace(&pki, "live.key", "server2.key");
    hang_up();
    line = log_find("tls.load", NULL);
    assert_non_null(strstr(log_value(&line, "error"), "does not belong to"));
    assert_true(is_served(&before));
    session_open(&after, "client1");
    assert_true(is_served(&after));
    tls_client_fini(&before);
    tls_client_fini(&after);
    pki_replace(&pki, "live.pem", "server2.pem");
    hang_up();
    line = log_find("tls.load", NULL);
    assert_null(log_value(&line, "error"));
    session_open(&after, NULL);
    assert_true(is_served(&after));
    tls_client_fini(&after);
}

/* The server's address, for a connection of the test's own. */
static struct sockaddr_in server_address(void)
{
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    struct client_conn conn;

    script_connect(&conn);
    assert_int_equal(getpeername(conn.fd, (struct sockaddr *)&address, &len), 0);
    client_conn_close(&conn);
    return address;
}

/* Connected from another address of this machine, and silent behind the probe. */
static int flood_one(const struct sockaddr_in *server)
{
    const struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000009)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&source, sizeof(source)), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)server, sizeof(*server)), 0);
    assert_true(tls_client_probe(fd, NFS4_PROGRAM, NFS_V4));
    return fd;
}

/* An address with too many handshakes that never finish ends its own, and no one else's. */
static void flood_of_handshakes(void **state)
{
    enum {
        FLOOD = LIMIT_TLS_HANDSHAKES_PER_ADDRESS + 50
    };
    const struct sockaddr_in server = server_address();
    struct tls_client neighbour, later;
    struct client_conn conn;
    struct log_line line;
    int fds[FLOOD];

    (void)state;
    script_connect(&conn);
    assert_int_equal(fcntl(conn.fd, F_SETFL, 0), 0);
    assert_true(tls_client_probe(conn.fd, NFS4_PROGRAM, NFS_V4)); /* begins before all others */
    for (int i = 0; i < FLOOD; i++)
        fds[i] = flood_one(&server);
    line = log_find("tls.displaced_address", NULL);
    assert_true(line.count > 0);
    assert_non_null(strstr(log_value(&line, "peer"), "127.0.0.9"));
    assert_int_equal(log_find("tls.displaced", NULL).count, 0);
    tls_client_init(&neighbour, dup(conn.fd), &(struct tls_client_wish){0});
    client_conn_close(&conn);
    assert_true(tls_client_connect(&neighbour));
    assert_true(is_served(&neighbour));
    session_open(&later, "client2");
    assert_true(is_served(&later));
    tls_client_fini(&neighbour);
    tls_client_fini(&later);
    for (int i = 0; i < FLOOD; i++)
        close(fds[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_are_logged),
        cmocka_unit_test(refusals_are_explained),
        cmocka_unit_test(alerts_are_put_into_words),
        cmocka_unit_test(nfs),
        cmocka_unit_test(retried_in_the_clear),
        cmocka_unit_test(revocation),
        cmocka_unit_test(bad_files),
        cmocka_unit_test(flood_of_handshakes),
    };

    return test_group_run_fixtures(tests, setup, teardown);
}
