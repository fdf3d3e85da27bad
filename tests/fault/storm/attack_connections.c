/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attack.h"
#include "lib/wait.h"
#include "pipeline.h"

enum {
    CONNECTIONS_MAX = 20000,
    HALVES = 600,
    CHUNK_BYTES = 64 << 10,
    GARBAGE = 64,
    RECORD_BYTES = 1 << 20,
    UNREAD_BYTES = 1 << 20,
    HOARDERS = 8,
    CORPUS_MAX = 512,
    CORPUS_BYTES = 8192,
};

static int fds[CONNECTIONS_MAX];
static uint8_t chunk[CHUNK_BYTES];

static void allow_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void close_all(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
}

/* As many as possible, which then stay idle. */
static void idle(struct attacker *me)
{
    unsigned count = 0;

    allow_descriptors();
    while (count < CONNECTIONS_MAX && !attacker_is_over(me)) {
        fds[count] = attacker_socket(me, false);
        if (fds[count] < 0)
            break;
        count++;
        me->answered++;
    }
    me->broken += count < CONNECTIONS_MAX;
    wait_ms(1000 + random_below(&me->random, 3000));
    close_all(count);
}

/* Open and reset, as fast as possible. */
static void churn(struct attacker *me)
{
    const struct linger reset = {.l_onoff = 1};

    while (!attacker_is_over(me)) {
        int fd = attacker_socket(me, false);

        if (fd < 0) {
            me->broken++;
            return;
        }
        if (random_one_in(&me->random, 2))
            (void)send(fd, chunk, random_below(&me->random, 64), MSG_NOSIGNAL);
        if (random_one_in(&me->random, 2))
            (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        (void)close(fd);
        me->answered++;
    }
}

/* All of each record but its end, on each of many connections. */
static void halves(struct attacker *me)
{
    uint32_t mark = htonl(0x80000000u | RECORD_BYTES);
    unsigned count = 0;

    allow_descriptors();
    while (count < HALVES && (fds[count] = attacker_socket(me, false)) >= 0)
        (void)send(fds[count++], &mark, sizeof(mark), MSG_NOSIGNAL);
    for (unsigned round = 0; round < 15 && !attacker_is_over(me); round++) {
        for (unsigned i = 0; i < count; i++) {
            if (send(fds[i], chunk, CHUNK_BYTES - 1, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
                me->answered++;
            else if (errno != EAGAIN)
                me->broken++;
        }
    }
    wait_ms(random_below(&me->random, 2000));
    close_all(count);
}

static void fill_reads(struct pipeline *p, struct client_compound *c)
{
    client_op_putfh(c, &p->file);
    client_op_read(c, &client_stateid_bypass, 0, UNREAD_BYTES);
}

/* Clients that request a lot and read nothing. */
static void unread(struct attacker *me)
{
    static struct pipeline p[HOARDERS];
    unsigned count = 0;

    for (; count < HOARDERS && attacker_mount(me, 1, &p[count].mount, NULL); count++) {
        struct client_mount *mount = &p[count].mount;
        struct client_file file;
        struct client_fh top;
        uint32_t written, xid;

        p[count].me = me;
        if (client_file_lookup(mount, "/mem", &top) != NFS4_OK ||
            client_file_open(mount, &top,
                             &(struct client_open){.owner = "unread",
                                                   .access = OPEN4_SHARE_ACCESS_BOTH,
                                                   .name = "unread",
                                                   .create = true,
                                                   .mode = 0666},
                             &file) != NFS4_OK)
            continue;
        attacker_note(me, client_file_write(mount, &file, UNREAD_BYTES - CHUNK_BYTES, UNSTABLE4,
                                            chunk, CHUNK_BYTES, &written));
        p[count].file = file.fh;
        for (uint32_t slot = 0; slot < mount->session.slot_count; slot++) {
            struct client_compound c;

            client_compound_begin_slot(&c, &mount->session, slot, false);
            fill_reads(&p[count], &c);
            if (client_compound_send(&mount->conn, &c, &xid) != CLIENT_OK)
                slot = mount->session.slot_count;
            client_compound_free(&c);
        }
    }
    wait_ms(1000 + random_below(&me->random, 9000));
    while (count-- > 0)
        attacker_drop(&p[count].mount);
}

/* ---- malformed input ---- */

static struct {
    unsigned count;
    size_t len[CORPUS_MAX];
    uint8_t data[CORPUS_MAX][CORPUS_BYTES];
} corpus;

static void corpus_add(const char *dir, const char *name)
{
    char path[8192];
    int fd;
    ssize_t n;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    n = read(fd, corpus.data[corpus.count], CORPUS_BYTES);
    (void)close(fd);
    if (n > 0)
        corpus.len[corpus.count++] = (size_t)n;
}

/* Input for the decoders: STORM_CORPUS. */
static void corpus_read(void)
{
    static const char *const names[] = {"rpc_msg", "operation", "callback", "cb_reply"};
    const char *top = getenv("STORM_CORPUS");

    for (size_t i = 0; top && i < ARRAY_SIZE(names); i++) {
        char path[4096];
        DIR *dir;

        (void)snprintf(path, sizeof(path), "%s/%s", top, names[i]);
        dir = opendir(path);
        for (struct dirent *entry; dir && (entry = readdir(dir)) && corpus.count < CORPUS_MAX;)
            if (entry->d_name[0] != '.')
                corpus_add(path, entry->d_name);
        if (dir)
            (void)closedir(dir);
    }
}

/* Bytes of the corpus unchanged, behind a good header, or random bytes. */
static size_t make_record(struct attacker *me, uint8_t *out, size_t size)
{
    const struct client_cred cred = {.uid = 4000};
    size_t len = random_below(&me->random, 512);
    uint8_t noise[CORPUS_BYTES];

    random_fill(random_next(&me->random), noise, sizeof(noise));
    if (corpus.count > 0 && !random_one_in(&me->random, 3)) {
        unsigned which = random_below(&me->random, corpus.count);

        len = corpus.len[which];
        memcpy(noise, corpus.data[which], len);
        for (unsigned i = random_below(&me->random, 3); i > 0; i--)
            noise[random_below(&me->random, (uint32_t)len)] = (uint8_t)random_next(&me->random);
    }
    if (random_one_in(&me->random, 2))
        return client_call_encode(&cred, (uint32_t)random_next(&me->random), 100003, 4,
                                  random_below(&me->random, 3), noise, len, out, size);
    memcpy(out, noise, len);
    return len;
}

/* Sometimes with wrong record marks. */
static void garbage(struct attacker *me)
{
    static uint8_t record[CORPUS_BYTES + CLIENT_CALL_HEADER_BYTES + 4];
    int fd = attacker_socket(me, true);

    if (corpus.count == 0)
        corpus_read();
    for (unsigned i = 0; fd >= 0 && i < GARBAGE; i++) {
        size_t len = make_record(me, record + 4, sizeof(record) - 4);
        uint32_t mark = htonl(0x80000000u | (uint32_t)len);

        if (random_one_in(&me->random, 40))
            mark = htonl((uint32_t)random_next(&me->random));
        memcpy(record, &mark, sizeof(mark));
        if (send(fd, record, len + 4, MSG_NOSIGNAL) < 0)
            break;
        while (recv(fd, chunk, sizeof(chunk), MSG_DONTWAIT) > 0)
            me->answered++;
    }
    me->broken += fd < 0;
    if (fd >= 0)
        (void)close(fd);
}

const struct attack attack_connections[] = {
    {"idle", idle},     {"churn", churn},     {"halves", halves},
    {"unread", unread}, {"garbage", garbage}, {NULL, NULL},
};
