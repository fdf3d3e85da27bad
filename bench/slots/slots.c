/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures the cost of SEQUENCE and how it scales, within one process: no sockets, no RPC.
 *
 *     gate       validate, reserve the slot, cache a 200-byte reply, release
 *     compound   a whole COMPOUND with only SEQUENCE, from its header to its reply
 *
 * Each thread has its own slots and its own connection, as with nconnect.  All sessions belong to
 * one client.  CPU time is per thread, so that other load on the machine matters little; the
 * minimum of several rounds is reported.
 *
 *     bench-slots [--ms MS] [--rounds N]
 */
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "export/export_table.h"
#include "proto/nfs4_program.h"
#include "proto/security.h"
#include "proto/v41/sequence.h"
#include "state/client/client_exchange.h"
#include "state/session/session_conn.h"
#include "state/session/session_create.h"
#include "wire/nfs4_codec.h"

enum {
    THREADS_MAX = 2,
    SESSIONS_MAX = 32,
    SLOTS_MAX = 64, /* per thread and session */
    KEPT_BYTES = 200,
    BUFFER_BYTES = 4096,
    BURST = 256, /* requests between two readings of the clock */
};

static const uint32_t slot_steps[] = {1, 4, 16, 64};
static const uint8_t client_name[] = {'b', 'e', 'n', 'c', 'h'};
static const struct client_caller principal = CLIENT_CALLER_SYS(0);
static struct server server;
static uint8_t session_ids[SESSIONS_MAX][NFS4_SESSIONID_SIZE];
static uint32_t duration_ms = 100, rounds = 5;

/* One configuration. */
struct load {
    bool whole; /* the compound, not only the gate */
    uint32_t threads, sessions, slots;
};

struct lane {
    const struct load *load;
    uint32_t number;
    pthread_t thread;
    pthread_barrier_t *start;
    struct session_conn *conns[SESSIONS_MAX];
    uint32_t seqids[SESSIONS_MAX][SLOTS_MAX];
    struct arena arena;
    uint8_t request[BUFFER_BYTES], reply[BUFFER_BYTES];
    uint64_t done;
    int64_t wall_ns, cpu_ns;
};

static struct lane lanes[THREADS_MAX];

static int64_t cpu_now_ns(void)
{
    struct timespec now;

    CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
    return (int64_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static void sessions_make(struct session_conn *conn)
{
    const struct channel_attrs4 attrs = {0,  1 << 20,     1 << 20, BUFFER_BYTES,
                                         64, LIMIT_SLOTS, {0},     0};
    struct EXCHANGE_ID4args who = {
        .eia_clientowner = {.co_ownerid = {client_name, sizeof(client_name)}}};
    struct CREATE_SESSION4args args = {.csa_fore_chan_attrs = attrs, .csa_back_chan_attrs = attrs};
    struct client_exchange exchange;
    struct CREATE_SESSION4resok res;
    int64_t now_ns = clock_now_ns();

    CHECK(client_exchange_id(server.state, &principal, NULL, &who, now_ns, &exchange) == NFS4_OK);
    args.csa_clientid = exchange.clientid;
    args.csa_sequence = exchange.sequence;
    for (uint32_t i = 0; i < SESSIONS_MAX; i++, args.csa_sequence++) {
        CHECK(session_create(server.state, &principal, conn, 1, &args, now_ns, &res) == NFS4_OK);
        CHECK(res.csr_fore_chan_attrs.ca_maxrequests == LIMIT_SLOTS);
        memcpy(session_ids[i], res.csr_sessionid, NFS4_SESSIONID_SIZE);
    }
}

/* Fill in SEQUENCE for the next request on one of the lane's slots. */
static void args_fill(struct lane *lane, uint32_t session, uint32_t slot,
                      struct SEQUENCE4args *args)
{
    args->sa_slotid = lane->number * SLOTS_MAX + slot;
    args->sa_sequenceid = ++lane->seqids[session][slot];
    args->sa_highest_slotid = THREADS_MAX * SLOTS_MAX - 1;
    args->sa_cachethis = true;
    memcpy(args->sa_sessionid, session_ids[session], NFS4_SESSIONID_SIZE);
}

static void call_prepare(struct lane *lane, struct rpc_call *call, int64_t now_ns)
{
    call->procedure = NFSPROC4_COMPOUND;
    call->cred.flavor = RPC_AUTH_SYS;
    call->arena = &lane->arena;
    call->args = lane->request;
    rpc_tail_init(&call->tail);
    call->received_ns = now_ns;
    call->park_ok = true;
}

static void call_args(struct lane *lane, struct rpc_call *call, size_t len)
{
    call->args_len = (uint32_t)len;
    xdr_init_decode(&call->in, lane->request, len, call->arena);
    xdr_init_encode(&call->out, lane->reply, sizeof(lane->reply));
}

static void run_gate(struct lane *lane, struct rpc_call *call, uint32_t session, uint32_t slot)
{
    struct v41_compound x = {.base = {.call = call,
                                      .server = &server,
                                      .in = &call->in,
                                      .out = &call->out,
                                      .arena = call->arena,
                                      .op_count = 1},
                             .conn = lane->conns[session],
                             .minor = 1};
    struct SEQUENCE4args args;
    enum nfsstat4 status = NFS4_OK;
    struct xdr encoder;

    args_fill(lane, session, slot, &args);
    xdr_init_encode(&encoder, lane->request, sizeof(lane->request));
    wire_SEQUENCE4args(&encoder, &args);
    call_args(lane, call, xdr_pos(&encoder));
    x.reply.limit = call->out.end;
    CHECK(v41_sequence(&x, &status) == V41_GATE_EXECUTE);
    call->out.p = call->out.start + KEPT_BYTES;
    v41_sequence_done(&x);
    session_conn_done(x.session, x.binding);
}

static void run_compound(struct lane *lane, struct rpc_call *call, uint32_t session, uint32_t slot)
{
    struct wire_opaque tag = {NULL, 0};
    struct export_caller caller;
    struct SEQUENCE4args args;
    struct xdr encoder;

    args_fill(lane, session, slot, &args);
    xdr_init_encode(&encoder, lane->request, sizeof(lane->request));
    xdr_opaque(&encoder, &tag, 0);
    xdr_put_u32(&encoder, 1);
    xdr_put_u32(&encoder, 1);
    xdr_put_u32(&encoder, OP_SEQUENCE);
    wire_SEQUENCE4args(&encoder, &args);
    arena_reset(&lane->arena);
    call_args(lane, call, xdr_pos(&encoder));
    security_caller_init(&caller, call);
    CHECK(nfs4_compound(call, &server, lane->conns[session], &caller) == RPC_REPLY);
    CHECK(lane->reply[3] == NFS4_OK);
}

static void burst(struct lane *lane, struct rpc_call *call)
{
    const struct load *load = lane->load;

    for (uint32_t i = 0; i < BURST; i++) {
        uint32_t session = (uint32_t)lane->done % load->sessions;
        uint32_t slot = (uint32_t)lane->done / load->sessions % load->slots;

        if (load->whole)
            run_compound(lane, call, session, slot);
        else
            run_gate(lane, call, session, slot);
        lane->done++;
    }
}

static void *lane_run(void *arg)
{
    struct lane *lane = arg;
    struct rpc_call call = {0};
    int64_t begin_ns, begin_cpu_ns, now_ns = clock_now_ns();

    call_prepare(lane, &call, now_ns);
    burst(lane, &call); /* allocates chunks, replies and bindings */
    pthread_barrier_wait(lane->start);
    lane->done = 0;
    begin_ns = clock_now_ns();
    begin_cpu_ns = cpu_now_ns();
    for (now_ns = begin_ns; now_ns - begin_ns < (int64_t)duration_ms * 1000000;
         now_ns = clock_now_ns()) {
        call.received_ns = now_ns;
        burst(lane, &call);
    }
    lane->wall_ns = now_ns - begin_ns;
    lane->cpu_ns = cpu_now_ns() - begin_cpu_ns;
    return NULL;
}

struct figures {
    double cpu_ns;  /* per operation */
    double per_sec; /* operations of all threads */
};

static struct figures measure_once(const struct load *load)
{
    struct figures figures = {0};
    pthread_barrier_t start;
    uint64_t done = 0;

    pthread_barrier_init(&start, NULL, load->threads);
    for (uint32_t i = 0; i < load->threads; i++) {
        lanes[i].load = load;
        lanes[i].start = &start;
        CHECK(pthread_create(&lanes[i].thread, NULL, lane_run, &lanes[i]) == 0);
    }
    for (uint32_t i = 0; i < load->threads; i++) {
        pthread_join(lanes[i].thread, NULL);
        done += lanes[i].done;
        figures.cpu_ns += (double)lanes[i].cpu_ns;
        figures.per_sec += (double)lanes[i].done * 1e9 / (double)lanes[i].wall_ns;
    }
    pthread_barrier_destroy(&start);
    figures.cpu_ns /= (double)done;
    return figures;
}

static struct figures measure(const struct load *load)
{
    struct figures best = measure_once(load);

    for (uint32_t i = 1; i < rounds; i++) {
        struct figures again = measure_once(load);

        if (again.cpu_ns < best.cpu_ns)
            best.cpu_ns = again.cpu_ns;
        if (again.per_sec > best.per_sec)
            best.per_sec = again.per_sec;
    }
    return best;
}

static void report(bool whole, uint32_t sessions, uint32_t slots)
{
    const struct load one = {whole, 1, sessions, slots}, two = {whole, 2, sessions, slots};
    struct figures alone = measure(&one), both = measure(&two);

    (void)printf("%-10s%10u%8u%12.0f%12.0f%12.2f%12.2f%10.2f\n", whole ? "compound" : "gate",
                 sessions, slots, alone.cpu_ns, both.cpu_ns, alone.per_sec / 1e6,
                 both.per_sec / 1e6, both.per_sec / alone.per_sec);
    (void)fflush(stdout);
}

static void options_read(int argc, char **argv)
{
    static const struct option options[] = {{"ms", required_argument, NULL, 'm'},
                                            {"rounds", required_argument, NULL, 'r'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int key;

    while ((key = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        uint32_t value = optarg ? (uint32_t)strtoul(optarg, NULL, 10) : 0;

        if (value == 0 || value > 60000) {
            (void)fputs("usage: bench-slots [--ms MS] [--rounds N]   each 1 to 60000\n",
                        key == 'h' ? stdout : stderr);
            exit(key == 'h' ? 0 : 2);
        }
        *(key == 'm' ? &duration_ms : &rounds) = value;
    }
}

static void lanes_init(void)
{
    for (uint32_t i = 0; i < THREADS_MAX; i++) {
        lanes[i].number = i;
        arena_init(&lanes[i].arena, BUFFER_BYTES);
        for (uint32_t j = 0; j < SESSIONS_MAX; j++)
            lanes[i].conns[j] = session_conn_create(NULL);
    }
}

static void lanes_fini(void)
{
    for (uint32_t i = 0; i < THREADS_MAX; i++) {
        for (uint32_t j = 0; j < SESSIONS_MAX; j++)
            session_conn_destroy(lanes[i].conns[j]);
        arena_fini(&lanes[i].arena);
    }
}

int main(int argc, char **argv)
{
    const struct state_config config = {.slots_initial = LIMIT_SLOTS};

    options_read(argc, argv);
    log_set_level(LOG_LEVEL_ERROR);
    server.exports = export_table_create();
    server.state = state_create(&config);
    nfs4_start(&server);
    atomic_store(&server.minors, MINOR_RANGE_BUILT);
    atomic_store(&server.recall_park_ms, 100);
    lanes_init();
    sessions_make(lanes[0].conns[0]);
    (void)printf("%-10s%10s%8s%24s%24s%10s\n", "", "", "slots", "CPU ns per operation",
                 "million operations/s", "");
    (void)printf("%-10s%10s%8s%12s%12s%12s%12s%10s\n", "", "sessions", "/thread", "1 thread",
                 "2 threads", "1 thread", "2 threads", "scaling");
    for (int whole = 0; whole < 2; whole++) {
        for (uint32_t sessions = 1; sessions <= SESSIONS_MAX; sessions += SESSIONS_MAX - 1)
            for (size_t i = 0; i < ARRAY_SIZE(slot_steps); i++)
                report(whole, sessions, slot_steps[i]);
    }
    lanes_fini();
    nfs4_stop(&server);
    state_destroy(server.state);
    export_table_destroy(server.exports);
    return 0;
}
