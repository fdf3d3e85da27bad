/* SPDX-License-Identifier: Apache-2.0 */
#include "stranger.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/wait.h"
#include "protocol/log_lines.h"
#include "protocol/script.h"

int stranger_connect(const char *source)
{
    struct sockaddr_in from = {.sin_family = AF_INET}, to = from;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    (void)inet_pton(AF_INET, source, &from.sin_addr);
    (void)inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    to.sin_port = htons((uint16_t)script_server.port);
    if (bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0 &&
        connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

unsigned stranger_connect_many(const char *source, int *fds, unsigned most)
{
    for (unsigned i = 0; i < most; i++) {
        fds[i] = stranger_connect(source);
        if (fds[i] < 0)
            return i;
    }
    return most;
}

long stranger_send(int fd, const void *data, size_t len)
{
    ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

    if (n < 0 && errno == EAGAIN)
        return 0;
    return n;
}

void stranger_send_mark(int fd, uint32_t len)
{
    uint32_t mark = htonl(0x80000000u | len);

    assert_int_equal(stranger_send(fd, &mark, sizeof(mark)), sizeof(mark));
}

bool stranger_is_closed(int fd)
{
    char sink[4096];
    ssize_t n;

    do
        n = recv(fd, sink, sizeof(sink), MSG_DONTWAIT);
    while (n > 0);
    return n == 0 || (errno != EAGAIN && errno != EINTR);
}

void stranger_close_all(const int *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]);
    }
}

uint64_t stranger_stat(const char *event, const char *key)
{
    unsigned before = log_find(event, NULL).count;
    struct log_line line;

    assert_int_equal(kill(script_server.pid, SIGUSR1), 0);
    wait_until((line = log_find(event, NULL)).count > before);
    return log_number(&line, key);
}

uint64_t stranger_server_bytes(void)
{
    unsigned long size = 0, resident = 0;
    char path[64];
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/%d/statm", (int)script_server.pid);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu %lu", &size, &resident), 2);
    (void)fclose(file);
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}
