/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load/floor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FLOOR_IN_BYTES (18u << 20)
#define FLOOR_CONNS 1024
#define FLOOR_COPY_BYTES 16384u /* longer replies are sent without a copy */
#define FLOOR_HEAD_BYTES 128u   /* of such a reply, which are patched */
#define FLOOR_PAGE_BYTES 4096u
#define FLOOR_IOVS 1024

struct floor_conn {
    int fd;
    uint8_t *in;
    size_t from, to;
};

struct floor_loop {
    const struct floor_server *floor;
    int listener, epoll;
    uint8_t *out;
    struct iovec iov[FLOOR_IOVS];
    size_t out_len, iov_count;
    int files[BENCH_STAGES]; /* of long replies without their heads; 0: sent from memory */
    uint32_t place;          /* of the next one */
};

/* Send the replies of a batch in one call.  When the socket is full the loop waits, since its only
 * thread has nothing else to do.  `flags` of send(): MSG_MORE if a file follows. */
static bool flush(struct floor_loop *loop, int fd, int flags)
{
    size_t first = 0;

    while (first < loop->iov_count) {
        struct msghdr msg = {.msg_iov = loop->iov + first, .msg_iovlen = loop->iov_count - first};
        ssize_t n = sendmsg(fd, &msg, MSG_NOSIGNAL | flags);

        if (n < 0 && errno != EINTR)
            return false;
        while (n > 0 && (size_t)n >= loop->iov[first].iov_len)
            n -= (ssize_t)loop->iov[first++].iov_len;
        if (n > 0) {
            loop->iov[first].iov_base = (uint8_t *)loop->iov[first].iov_base + n;
            loop->iov[first].iov_len -= (size_t)n;
        }
    }
    loop->iov_count = loop->out_len = 0;
    return true;
}

/* Where a place of so many bytes begins: with a page, as what a server reads. */
static off_t place_at(uint32_t place, size_t len)
{
    return (off_t)(place * ((len + FLOOR_PAGE_BYTES - 1) / FLOOR_PAGE_BYTES * FLOOR_PAGE_BYTES));
}

/* Send the `len` bytes behind the head of a reply, after what is to be sent before.  Each reply is
 * sent from the next place, as each request reads another one. */
static bool file_send(struct floor_loop *loop, int fd, int file, size_t len)
{
    off_t at = place_at(loop->place++ % loop->floor->places, len);
    off_t end = at + (off_t)len;

    if (!flush(loop, fd, MSG_MORE))
        return false;
    while (at < end) {
        ssize_t n = sendfile(fd, file, &at, (size_t)(end - at));

        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
    }
    return true;
}

static void out_add(struct floor_loop *loop, const void *data, size_t len)
{
    struct iovec *last = loop->iov_count ? &loop->iov[loop->iov_count - 1] : NULL;

    memcpy(loop->out + loop->out_len, data, len);
    if (last && (uint8_t *)last->iov_base + last->iov_len == loop->out + loop->out_len)
        last->iov_len += len;
    else
        loop->iov[loop->iov_count++] = (struct iovec){loop->out + loop->out_len, len};
    loop->out_len += len;
}

/* Send the canned reply with the request's xid and seqid. */
static bool answer(struct floor_loop *loop, int fd, const uint8_t *request, uint32_t len)
{
    const struct lane_canned *canned;
    uint32_t xid, head;
    unsigned stage;
    uint8_t mark[RPC_RECORD_MARK_BYTES], *reply;

    memcpy(&xid, request, sizeof(xid));
    stage = lane_xid_stage(be32toh(xid)) % BENCH_STAGES;
    canned = &loop->floor->canned[stage];
    head = canned->len < FLOOR_COPY_BYTES ? canned->len : FLOOR_HEAD_BYTES;
    rpc_record_mark_put(mark, canned->len, true);
    out_add(loop, mark, sizeof(mark));
    reply = loop->out + loop->out_len;
    out_add(loop, canned->bytes, head);
    memcpy(reply, &xid, sizeof(xid));
    if (canned->seqid_at && canned->request_seqid_at + 4 <= len)
        memcpy(reply + canned->seqid_at, request + canned->request_seqid_at, 4);
    if (head < canned->len && loop->files[stage])
        return file_send(loop, fd, loop->files[stage], canned->len - head);
    if (head < canned->len)
        loop->iov[loop->iov_count++] = (struct iovec){canned->bytes + head, canned->len - head};
    return true;
}

static bool readable(struct floor_loop *loop, struct floor_conn *conn)
{
    ssize_t n = recv(conn->fd, conn->in + conn->to, FLOOR_IN_BYTES - conn->to, MSG_DONTWAIT);

    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    conn->to += (size_t)n;
    while (conn->to - conn->from >= RPC_RECORD_MARK_BYTES) {
        bool last;
        uint32_t len = rpc_record_mark_get(conn->in + conn->from, &last);

        if (len > FLOOR_IN_BYTES / 2)
            return false;
        if (conn->to - conn->from < len + RPC_RECORD_MARK_BYTES)
            break;
        if (!answer(loop, conn->fd, conn->in + conn->from + RPC_RECORD_MARK_BYTES, len))
            return false;
        conn->from += len + RPC_RECORD_MARK_BYTES;
        if (loop->iov_count + 4 > FLOOR_IOVS ||
            loop->out_len + (size_t)FLOOR_COPY_BYTES * 2 > FLOOR_IN_BYTES)
            if (!flush(loop, conn->fd, 0))
                return false;
    }
    if (conn->from == conn->to || FLOOR_IN_BYTES - conn->to < FLOOR_IN_BYTES / 2) {
        memmove(conn->in, conn->in + conn->from, conn->to - conn->from);
        conn->to -= conn->from;
        conn->from = 0;
    }
    return flush(loop, conn->fd, 0);
}

static void accept_one(struct floor_loop *loop, unsigned *count)
{
    struct floor_conn *conn = must_calloc(1, sizeof(*conn));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};
    int one = 1;

    conn->fd = accept(loop->listener, NULL, NULL);
    if (conn->fd < 0 || ++*count > FLOOR_CONNS)
        _exit(1);
    setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    conn->in = must_malloc(FLOOR_IN_BYTES);
    epoll_ctl(loop->epoll, EPOLL_CTL_ADD, conn->fd, &event);
}

static void file_make(struct floor_loop *loop, unsigned stage)
{
    const struct lane_canned *canned = &loop->floor->canned[stage];
    const size_t len = canned->len - FLOOR_HEAD_BYTES;
    const int file = memfd_create("floor", MFD_CLOEXEC);

    loop->files[stage] = file;
    for (uint32_t i = 0; i < loop->floor->places; i++) {
        if (file >= 0 &&
            pwrite(file, canned->bytes + FLOOR_HEAD_BYTES, len, place_at(i, len)) == (ssize_t)len)
            continue;
        perror("mainstay-bench: a file for the floor");
        _exit(1);
    }
}

/* Put long replies into files in memory, as those of a tmpfs are. */
static void files_make(struct floor_loop *loop)
{
    for (unsigned stage = 0; stage < BENCH_STAGES; stage++)
        if (loop->floor->canned[stage].len >= FLOOR_COPY_BYTES)
            file_make(loop, stage);
}

static void processor_choose(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) == 0)
        return;
    perror("mainstay-bench: --floor-cpu");
    _exit(1);
}

/* Runs in the child, until the bench kills it. */
static _Noreturn void serve(const struct floor_server *floor, int listener)
{
    struct floor_loop loop = {.floor = floor, .listener = listener};
    struct epoll_event events[64], event = {.events = EPOLLIN, .data.ptr = NULL};
    unsigned count = 0;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (floor->cpu >= 0)
        processor_choose(floor->cpu);
    if (floor->places > 0)
        files_make(&loop);
    loop.out = must_malloc(FLOOR_IN_BYTES);
    loop.epoll = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(loop.epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(loop.epoll, events, 64, -1);

        for (int i = 0; i < n; i++) {
            struct floor_conn *conn = events[i].data.ptr;

            if (!conn)
                accept_one(&loop, &count);
            else if (!readable(&loop, conn))
                epoll_ctl(loop.epoll, EPOLL_CTL_DEL, conn->fd, NULL);
        }
    }
}

bool floor_start(struct floor_server *floor)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (listener < 0 || bind(listener, (struct sockaddr *)&address, len) != 0 ||
        listen(listener, 128) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) != 0) {
        perror("mainstay-bench: the floor's socket");
        if (listener >= 0)
            close(listener);
        return false;
    }
    floor->port = ntohs(address.sin_port);
    floor->pid = fork();
    if (floor->pid == 0)
        serve(floor, listener);
    close(listener);
    return floor->pid > 0;
}

int floor_connect(const struct floor_server *floor)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(floor->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        perror("mainstay-bench: the floor");
        if (fd >= 0)
            close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

void floor_stop(struct floor_server *floor)
{
    if (floor->pid > 0) {
        kill(floor->pid, SIGKILL);
        waitpid(floor->pid, NULL, 0);
    }
    for (unsigned i = 0; i < BENCH_STAGES; i++)
        free(floor->canned[i].bytes);
    memset(floor, 0, sizeof(*floor));
}
