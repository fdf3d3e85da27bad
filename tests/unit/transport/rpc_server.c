/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/test.h"
#include "lib/wait.h"
#include "transport/worker.h"

static void sleep_us(long us)
{
    const struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};

    nanosleep(&pause, NULL);
}

/* ---- the program ---- */

static enum rpc_result echo(struct rpc_call *call)
{
    while (xdr_left(&call->in) >= 4)
        xdr_put_u32(&call->out, xdr_get_u32(&call->in));
    return call->in.failed || xdr_left(&call->in) ? RPC_GARBAGE_ARGS : RPC_REPLY;
}

/* Hundreds of threads wait at a gate: they must not poll. */
static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_opened = PTHREAD_COND_INITIALIZER;

void rpc_server_gate_wait(struct rpc_server *server)
{
    atomic_fetch_add(&server->gate_waiting, 1);
    pthread_mutex_lock(&gate_lock);
    while (!atomic_load(&server->gate_open))
        pthread_cond_wait(&gate_opened, &gate_lock);
    pthread_mutex_unlock(&gate_lock);
}

static void tail_done(void *arg, int fd)
{
    struct rpc_server *server = arg;

    close(fd);
    atomic_fetch_add(&server->tails_done, 1);
}

static void tail_done_at_gate(void *arg, int fd)
{
    worker_may_block();
    rpc_server_gate_wait(arg);
    worker_unblock();
    tail_done(arg, fd);
}

/* A file of `len` bytes (0, 1, 2, ... 250), cut off at `cut`. */
static enum rpc_result tail(struct rpc_call *call, struct rpc_server *server)
{
    uint32_t len = xdr_get_u32(&call->in), cut = xdr_get_u32(&call->in);
    bool gate = xdr_left(&call->in) >= 4;
    uint8_t *bytes = malloc(len + 1);
    int fd = memfd_create("tail", MFD_CLOEXEC);

    CHECK(fd >= 0 && bytes);
    for (uint32_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i % 251);
    CHECK(pwrite(fd, bytes, len, 0) == (ssize_t)len);
    free(bytes);
    CHECK(ftruncate(fd, cut) == 0);
    if (!call->tail_ok) {
        close(fd);
        return RPC_REPLY; /* without results */
    }
    xdr_put_u32(&call->out, len);
    call->tail = (struct rpc_tail){
        .fd = fd, .len = len, .done = gate ? tail_done_at_gate : tail_done, .arg = server};
    return RPC_REPLY;
}

/* A payload in pieces, and their bytes. */
struct pieces {
    struct rpc_server *server;
    struct iovec of[1024];
    uint8_t bytes[];
};

static void pieces_done(void *arg, int fd)
{
    struct pieces *pieces = arg;
    struct rpc_server *server = pieces->server;

    CHECK(fd == -1);
    free(pieces);
    atomic_fetch_add(&server->tails_done, 1);
}

static enum rpc_result tail_in_pieces(struct rpc_call *call, struct rpc_server *server)
{
    uint32_t len = xdr_get_u32(&call->in), count = 0;
    struct pieces *pieces = malloc(sizeof(*pieces) + len);

    CHECK(pieces);
    pieces->server = server;
    for (uint32_t i = 0; i < len; i++)
        pieces->bytes[i] = (uint8_t)(i % 251);
    for (uint32_t at = 0, part = 1; at < len; at += part++) {
        if (part > len - at || count + 1 == ARRAY_SIZE(pieces->of))
            part = len - at;
        pieces->of[count++] = (struct iovec){pieces->bytes + at, part};
    }
    xdr_put_u32(&call->out, len);
    call->tail = (struct rpc_tail){.fd = -1,
                                   .pieces = pieces->of,
                                   .piece_count = count,
                                   .len = len,
                                   .done = pieces_done,
                                   .arg = pieces};
    return RPC_REPLY;
}

static enum rpc_result cred(struct rpc_call *call)
{
    xdr_put_u32(&call->out, call->cred.uid);
    xdr_put_u32(&call->out, call->cred.gid);
    xdr_put_u32(&call->out, call->cred.gid_count);
    for (uint32_t i = 0; i < call->cred.gid_count; i++)
        xdr_put_u32(&call->out, call->cred.gids[i]);
    return RPC_REPLY;
}

static void sleep_in_section(struct rpc_call *call, struct rpc_server *server)
{
    int64_t start_ns = clock_now_ns();

    worker_may_block();
    sleep_us(ntohl(*(const uint32_t *)call->args));
    worker_unblock();
    if (clock_now_ns() - start_ns >= WORKER_RETAKE_US * 1000LL)
        atomic_fetch_add(&server->long_sections, 1);
}

static void run_in_section(struct rpc_call *call, struct rpc_server *server)
{
    int64_t start_ns = clock_now_ns(), busy_ns = xdr_get_u32(&call->in) * 1000LL;

    worker_may_block();
    while (busy_ns == 0 ? !atomic_load(&server->gate_open) : clock_now_ns() - start_ns < busy_ns)
        ;
    worker_unblock();
    if (clock_now_ns() - start_ns >= WORKER_RETAKE_RUNNING_US * 1000LL)
        atomic_fetch_add(&server->long_sections, 1);
}

static enum rpc_result fill(struct rpc_call *call)
{
    uint32_t count = xdr_get_u32(&call->in);

    for (uint32_t i = 0; i < count; i++)
        xdr_put_u32(&call->out, i);
    return RPC_REPLY;
}

static enum rpc_result user(struct rpc_call *call)
{
    _Atomic unsigned *mine = calloc(1, sizeof(*mine));
    void *kept = connection_user_init(call->conn, 0, mine);

    if (kept != mine)
        free(mine);
    CHECK(connection_user(call->conn, 0) == kept);
    xdr_put_u64(&call->out, connection_id(call->conn));
    return RPC_REPLY;
}

static enum rpc_result send_calls(struct rpc_call *call)
{
    uint32_t count = xdr_get_u32(&call->in), sent = 0;
    uint32_t record[64];

    for (uint32_t i = 0; i < ARRAY_SIZE(record); i++)
        record[i] = htonl(0xca11);
    record[1] = 0; /* CALL */
    for (; sent < count; sent++) {
        record[0] = htonl(0x80000000u + sent);
        if (!connection_send(call->conn, record, sizeof(record)))
            break;
    }
    xdr_put_u32(&call->out, sent);
    return echo(call);
}

static enum rpc_result serve(struct rpc_call *call, struct rpc_server *server)
{
    switch ((enum test_proc)call->procedure) {
    case PROC_NULL:
        return RPC_REPLY;
    case PROC_ECHO:
        return echo(call);
    case PROC_GATE_WILL:
        worker_will_block();
        rpc_server_gate_wait(server);
        worker_unblock();
        return echo(call);
    case PROC_GATE_MAY:
        worker_may_block();
        rpc_server_gate_wait(server);
        worker_unblock();
        return echo(call);
    case PROC_SLEEP_MAY:
        sleep_in_section(call, server);
        return echo(call);
    case PROC_RUN_MAY:
        run_in_section(call, server);
        return RPC_REPLY;
    case PROC_FILL:
        return fill(call);
    case PROC_TAIL:
        return tail(call, server);
    case PROC_PIECES:
        return tail_in_pieces(call, server);
    case PROC_CRED:
        return cred(call);
    case PROC_GARBAGE:
        return RPC_GARBAGE_ARGS;
    case PROC_UNAVAIL:
        return RPC_PROC_UNAVAIL;
    case PROC_SYSTEM_ERR:
        return RPC_SYSTEM_ERR;
    case PROC_DROP:
        return RPC_DROP;
    case PROC_OVERFLOW:
        for (size_t i = 0; i < LIMIT_REPLY_BYTES / 4 + 1; i++)
            xdr_put_u32(&call->out, 0);
        return RPC_REPLY;
    case PROC_SHUTDOWN:
        connection_shutdown(call->conn);
        return RPC_REPLY;
    case PROC_USER:
        return user(call);
    case PROC_NAP:
        sleep_us(200000);
        return RPC_REPLY;
    case PROC_SEND:
        return send_calls(call);
    }
    return RPC_PROC_UNAVAIL;
}

static enum rpc_result dispatch(struct rpc_call *call, void *context)
{
    struct rpc_server *server = context;
    _Atomic unsigned *running = connection_user(call->conn, 0);
    enum rpc_result result;

    CHECK(call->received_ns > 0);
    if (running)
        atomic_fetch_add(running, 1);
    result = serve(call, server);
    if (running)
        atomic_fetch_sub(running, 1);
    return result;
}

static void closed(struct connection *conn, void *context)
{
    struct rpc_server *server = context;

    _Atomic unsigned *running = connection_user(conn, 0);

    if (running && atomic_load(running) > 0)
        atomic_fetch_add(&server->closed_early, 1);
    free(running);
    connection_user_set(conn, 0, NULL);
    CHECK(!connection_send(conn, "none", 4));
    atomic_fetch_add(&server->closed, 1);
}

static bool reply(struct connection *conn, uint32_t xid, const void *body, size_t len,
                  void *context)
{
    struct rpc_server *server = context;

    (void)conn;
    (void)xid;
    CHECK(len == 0 || body != NULL);
    atomic_fetch_add(&server->replies_seen, 1);
    if (atomic_load(&server->replies_block)) {
        worker_will_block();
        rpc_server_gate_wait(server);
        worker_unblock();
    }
    return atomic_load(&server->replies_wanted);
}

static void start_with(struct rpc_server *server, struct transport_config config)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    config.programs = &server->program;
    config.program_count = 1;
    config.reply = reply;
    config.reply_context = server;
    server->transport = transport_create(&config);
    assert_non_null(server->transport);
    assert_int_equal(
        transport_listen(server->transport, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(transport_start(server->transport), 0);
}

static void start(struct rpc_server *server, unsigned loops, int send_buffer_bytes)
{
    start_with(server,
               (struct transport_config){.loops = loops, .send_buffer_bytes = send_buffer_bytes});
}

static struct rpc_program program_of(struct rpc_server *server)
{
    return (struct rpc_program){
        .program = TEST_PROGRAM,
        .version_low = TEST_VERSION_LOW,
        .version_high = TEST_VERSION_HIGH,
        .dispatch = dispatch,
        .context = server,
        .closed = closed,
    };
}

void rpc_server_start(struct rpc_server *server, unsigned loops, int send_buffer_bytes)
{
    memset(server, 0, sizeof(*server));
    server->program = program_of(server);
    start(server, loops, send_buffer_bytes);
}

void rpc_server_start_with(struct rpc_server *server, unsigned loops,
                           enum rpc_result (*run)(struct rpc_call *call, void *context),
                           enum rpc_result (*resume)(struct rpc_call *call, void *context))
{
    memset(server, 0, sizeof(*server));
    server->program = program_of(server);
    server->program.dispatch = run;
    server->program.resume = resume;
    start(server, loops, 0);
}

void rpc_server_start_tls(struct rpc_server *server, uint32_t tls_records_max,
                          uint32_t tls_handshakes_max)
{
    memset(server, 0, sizeof(*server));
    server->program = program_of(server);
    start_with(server, (struct transport_config){.loops = 2,
                                                 .tls_records_max = tls_records_max,
                                                 .tls_handshakes_max = tls_handshakes_max});
}

void rpc_server_start_spinning(struct rpc_server *server, unsigned loops, uint32_t spin_us)
{
    memset(server, 0, sizeof(*server));
    server->program = program_of(server);
    start_with(server, (struct transport_config){.loops = loops, .spin_us = spin_us});
}

void rpc_server_start_gss(struct rpc_server *server, const struct transport_gss *gss)
{
    memset(server, 0, sizeof(*server));
    server->program = program_of(server);
    start_with(server, (struct transport_config){.loops = 2, .gss = gss});
}

bool rpc_server_rests(struct rpc_server *server)
{
    uint64_t before = rpc_server_stats(server).waits;

    wait_ms(20);
    return rpc_server_stats(server).waits == before;
}

void rpc_server_stop(struct rpc_server *server)
{
    struct transport_stats stats;

    rpc_server_open_gate(server);
    assert_true(transport_drain_stop(server->transport, CLIENT_TIMEOUT_S * 1000));
    stats = rpc_server_stats(server);
    assert_int_equal(stats.connections, 0);
    assert_int_equal(stats.accepted, stats.closed);
    assert_int_equal(stats.closed, atomic_load(&server->closed));
    transport_destroy(server->transport);
}

void rpc_server_open_gate(struct rpc_server *server)
{
    pthread_mutex_lock(&gate_lock);
    atomic_store(&server->gate_open, true);
    pthread_cond_broadcast(&gate_opened);
    pthread_mutex_unlock(&gate_lock);
}

struct transport_stats rpc_server_stats(struct rpc_server *server)
{
    struct transport_stats stats;

    transport_stats_read(server->transport, &stats);
    return stats;
}

void wait_unsigned(_Atomic unsigned *value, unsigned wanted)
{
    for (int i = 0; i < CLIENT_TIMEOUT_S * 1000 && atomic_load(value) < wanted; i++)
        sleep_us(1000);
    assert_true(atomic_load(value) >= wanted);
}

/* ---- clients ---- */

static int client_socket(const struct rpc_server *server, uint32_t source, int receive_bytes)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(transport_port(server->transport, 0)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(source)};
    const struct timeval timeout = {.tv_sec = CLIENT_TIMEOUT_S};
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    if (receive_bytes > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    assert_int_equal(bind(fd, (const struct sockaddr *)&own, sizeof(own)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

int client_connect(const struct rpc_server *server)
{
    return client_socket(server, INADDR_LOOPBACK, 0);
}

int client_connect_from(const struct rpc_server *server, uint32_t source)
{
    return client_socket(server, source, 0);
}

int client_connect_small(const struct rpc_server *server, int receive_bytes)
{
    return client_socket(server, INADDR_LOOPBACK, receive_bytes);
}

void client_send(int fd, const void *data, size_t len)
{
    const uint8_t *p = data;

    while (len > 0) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

        assert_true(n > 0);
        p += n;
        len -= (size_t)n;
    }
}

void client_receive(int fd, void *data, size_t len)
{
    uint8_t *p = data;

    while (len > 0) {
        ssize_t n = recv(fd, p, len, 0);

        assert_true(n > 0);
        p += n;
        len -= (size_t)n;
    }
}

size_t client_receive_record(int fd, void *data, size_t size)
{
    size_t used = 0;
    uint32_t mark;

    do {
        client_receive(fd, &mark, 4);
        mark = ntohl(mark);
        assert_true((mark & 0x7fffffff) <= size - used);
        client_receive(fd, (uint8_t *)data + used, mark & 0x7fffffff);
        used += mark & 0x7fffffff;
    } while (!(mark & 0x80000000));
    return used;
}

void client_expect_close(int fd)
{
    uint8_t drop[4096];
    ssize_t n;

    do {
        n = recv(fd, drop, sizeof(drop), 0);
    } while (n > 0);
    assert_true(n == 0 || errno == ECONNRESET);
}

size_t call_encode(uint8_t *out, uint32_t xid, uint32_t proc, const uint32_t *words, size_t count)
{
    uint32_t head[11] = {0};
    size_t len = sizeof(head) - 4 + count * 4;

    head[0] = htonl(0x80000000u | (uint32_t)len);
    head[1] = htonl(xid);
    head[3] = htonl(2);
    head[4] = htonl(TEST_PROGRAM);
    head[5] = htonl(4);
    head[6] = htonl(proc);
    memcpy(out, head, sizeof(head));
    for (size_t i = 0; i < count; i++) {
        uint32_t be = htonl(words[i]);

        memcpy(out + sizeof(head) + i * 4, &be, 4);
    }
    return 4 + len;
}

void client_call(int fd, uint32_t xid, uint32_t proc, const uint32_t *words, size_t count)
{
    uint8_t *bytes = malloc(NULL_CALL_BYTES + count * 4);

    client_send(fd, bytes, call_encode(bytes, xid, proc, words, count));
    free(bytes);
}

uint32_t client_reply(int fd, uint32_t *words, size_t max, size_t *count)
{
    const size_t size = LIMIT_REPLY_BYTES + 64;
    uint32_t *record = malloc(size);
    size_t len = client_receive_record(fd, record, size);
    uint32_t xid;

    assert_true(len >= 24 && len % 4 == 0);
    assert_int_equal(ntohl(record[1]), 1); /* REPLY */
    for (int i = 2; i < 6; i++)
        assert_int_equal(record[i], 0); /* accepted, AUTH_NONE, success */
    len = len / 4 - 6;
    assert_true(len <= max);
    for (size_t i = 0; i < len; i++)
        words[i] = ntohl(record[6 + i]);
    if (count)
        *count = len;
    xid = ntohl(record[0]);
    free(record);
    return xid;
}

void client_ping(int fd, uint32_t xid)
{
    client_call(fd, xid, PROC_NULL, NULL, 0);
    assert_int_equal(client_reply(fd, NULL, 0, NULL), xid);
}
