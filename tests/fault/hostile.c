/* SPDX-License-Identifier: Apache-2.0 */
#include "hostile.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static void send_slot(struct hostile *hostile, uint32_t slot)
{
    struct client_session *session = &hostile->mount.session;

    client_compound_set_seqid(&hostile->compounds[slot], session->slots[slot].seqid++);
    CHECK(client_compound_send(&hostile->mount.conn, &hostile->compounds[slot],
                               &hostile->xids[slot]) == CLIENT_OK);
}

static uint32_t slot_of(const struct hostile *hostile, const struct client_record *record)
{
    uint32_t xid, slot = 0;

    CHECK(record->len >= sizeof(xid));
    memcpy(&xid, record->data, sizeof(xid));
    while (slot < hostile->count && hostile->xids[slot] != ntohl(xid))
        slot++;
    CHECK(slot < hostile->count);
    return slot;
}

static void *hostile_main(void *arg)
{
    struct hostile *hostile = arg;
    struct client_record *record;
    uint32_t out = hostile->count;

    /* The server has to be fair, not the scheduler: the neighbour's client gets the processor
     * first. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), 19);
    for (uint32_t slot = 0; slot < hostile->count; slot++)
        send_slot(hostile, slot);
    while (out > 0) {
        CHECK(client_conn_receive_record(&hostile->mount.conn, &record) == CLIENT_OK);
        if (atomic_load(&hostile->stop))
            out--;
        else
            send_slot(hostile, slot_of(hostile, record));
        atomic_fetch_add(&hostile->replies, 1);
        free(record);
    }
    return NULL;
}

void hostile_start(struct hostile *hostile, uint32_t slots,
                   void (*fill)(struct client_compound *c, const struct client_fh *fh),
                   const struct client_fh *fh)
{
    struct client_session *session = &hostile->mount.session;

    memset(hostile, 0, sizeof(*hostile));
    script_mount_v41(&hostile->mount);
    hostile->count = session->slot_count < slots ? session->slot_count : slots;
    hostile->compounds = must_calloc(hostile->count, sizeof(*hostile->compounds));
    hostile->xids = must_calloc(hostile->count, sizeof(*hostile->xids));
    for (uint32_t slot = 0; slot < hostile->count; slot++) {
        client_compound_begin_slot(&hostile->compounds[slot], session, slot, false);
        fill(&hostile->compounds[slot], fh);
    }
    assert_int_equal(pthread_create(&hostile->thread, NULL, hostile_main, hostile), 0);
}

void hostile_stop(struct hostile *hostile)
{
    atomic_store(&hostile->stop, true);
    assert_int_equal(pthread_join(hostile->thread, NULL), 0);
    for (uint32_t slot = 0; slot < hostile->count; slot++)
        client_compound_free(&hostile->compounds[slot]);
    free(hostile->compounds);
    free(hostile->xids);
    client_mount_close(&hostile->mount);
}

static double clock_ms(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

struct latencies neighbour_measure(struct client_mount *mount, const struct client_fh *fh,
                                   unsigned count, unsigned pause_us)
{
    const struct timespec pause = {.tv_nsec = pause_us * 1000L};
    double *ms = must_calloc(count, sizeof(*ms));
    double *server_ms = must_calloc(count, sizeof(*server_ms));
    clockid_t server;
    struct latencies found;
    struct nfs4_attrs attrs;

    assert_int_equal(clock_getcpuclockid(script_server.pid, &server), 0);
    for (unsigned i = 0; i < count; i++) {
        double begin_ms = clock_ms(CLOCK_MONOTONIC), server_begin_ms = clock_ms(server);

        expect_status(client_file_getattr(mount, fh, CLIENT_BITS(FATTR4_SIZE), &attrs, NULL),
                      NFS4_OK);
        ms[i] = clock_ms(CLOCK_MONOTONIC) - begin_ms;
        server_ms[i] = clock_ms(server) - server_begin_ms;
        (void)nanosleep(&pause, NULL);
    }
    qsort(ms, count, sizeof(*ms), compare);
    qsort(server_ms, count, sizeof(*server_ms), compare);
    found = (struct latencies){ms[count / 2], ms[count * 99 / 100], ms[count - 1],
                               server_ms[count * 99 / 100]};
    free(ms);
    free(server_ms);
    return found;
}
