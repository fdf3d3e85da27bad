/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/http/http_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 64,
    SOCKET_MODE = 0600,
    SOCKET_FLAGS = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK
};

/* A path of any length as the kernel takes it: one that is too long is named by a descriptor of its
 * directory, which *dir holds open. */
static bool address_of(const char *path, struct sockaddr_un *address, int *dir)
{
    const char *slash = strrchr(path, '/');
    char *parent;
    int len;

    *dir = -1;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) < sizeof(address->sun_path)) {
        memcpy(address->sun_path, path, strlen(path) + 1);
        return true;
    }
    if (!slash) {
        errno = ENAMETOOLONG;
        return false;
    }
    parent = must_strdup(path);
    parent[slash == path ? 1 : slash - path] = '\0';
    *dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
    free(parent);
    if (*dir < 0)
        return false;
    len = snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s", *dir,
                   slash + 1);
    if (len >= 0 && (size_t)len < sizeof(address->sun_path))
        return true;
    (void)close(*dir);
    errno = ENAMETOOLONG;
    return false;
}

enum occupant {
    OCCUPANT_NONE,
    OCCUPANT_DEAD, /* the socket of a process that is gone */
    OCCUPANT_LIVE,
    OCCUPANT_OTHER, /* not a socket */
    OCCUPANT_UNKNOWN,
};

/* What is there already? */
static enum occupant occupant_find(const char *path, const struct sockaddr_un *address)
{
    enum occupant occupant;
    struct stat st;
    int fd;

    if (lstat(path, &st) != 0)
        return errno == ENOENT ? OCCUPANT_NONE : OCCUPANT_UNKNOWN;
    if (!S_ISSOCK(st.st_mode))
        return OCCUPANT_OTHER;
    fd = socket(AF_UNIX, SOCKET_FLAGS, 0);
    if (fd < 0)
        return OCCUPANT_UNKNOWN;
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN)
        occupant = OCCUPANT_LIVE;
    else
        occupant = errno == ECONNREFUSED ? OCCUPANT_DEAD : OCCUPANT_UNKNOWN;
    (void)close(fd);
    return occupant;
}

/* NULL: there is room for a new socket, or a dead one. */
static const char *occupant_wrong(enum occupant occupant)
{
    switch (occupant) {
    case OCCUPANT_LIVE:
        return "another process listens there; end it, or choose another path";
    case OCCUPANT_OTHER:
        return "there is a file that is no socket; choose another path";
    case OCCUPANT_UNKNOWN:
        return strerror(errno);
    case OCCUPANT_NONE:
    case OCCUPANT_DEAD:
        break;
    }
    return NULL;
}

/* The mode is set before there is a name; the umask could only take from it. */
static const char *unix_bind(struct http_socket *made, const struct sockaddr_un *address)
{
    struct stat st;

    made->fd = socket(AF_UNIX, SOCKET_FLAGS, 0);
    if (made->fd < 0 || fchmod(made->fd, SOCKET_MODE) != 0 ||
        bind(made->fd, (const struct sockaddr *)address, sizeof(*address)) != 0 ||
        lstat(made->path, &st) != 0 || listen(made->fd, BACKLOG) != 0)
        return strerror(errno);
    made->dev = st.st_dev;
    made->ino = st.st_ino;
    return NULL;
}

static const char *unix_open(struct http_socket *made, const char *path)
{
    struct sockaddr_un address;
    enum occupant occupant;
    const char *wrong;
    int dir;

    if (!address_of(path, &address, &dir))
        return strerror(errno);
    occupant = occupant_find(path, &address);
    wrong = occupant_wrong(occupant);
    if (!wrong && occupant == OCCUPANT_DEAD && unlink(path) != 0)
        wrong = strerror(errno);
    if (!wrong)
        wrong = unix_bind(made, &address);
    if (dir >= 0)
        (void)close(dir);
    return wrong;
}

bool http_socket_unix(struct http_socket *socket, const char *path, char *error, size_t error_size)
{
    const char *wrong;

    *socket = (struct http_socket){.fd = -1, .path = must_strdup(path)};
    wrong = unix_open(socket, path);
    if (!wrong)
        return true;
    (void)snprintf(error, error_size, "%s: %s", path, wrong);
    http_socket_close(socket);
    return false;
}

/* Its directory, where the socket would be made. */
static const char *directory_wrong(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *parent = must_strdup(slash ? path : ".");
    const char *wrong = NULL;

    if (slash)
        parent[slash == path ? 1 : slash - path] = '\0';
    if (access(parent, W_OK | X_OK) != 0)
        wrong = strerror(errno);
    free(parent);
    return wrong;
}

bool http_socket_unix_check(const char *path, char *error, size_t error_size)
{
    struct sockaddr_un address;
    const char *wrong = directory_wrong(path);
    int dir = -1;

    if (!wrong)
        wrong = address_of(path, &address, &dir) ? occupant_wrong(occupant_find(path, &address))
                                                 : strerror(errno);
    if (dir >= 0)
        (void)close(dir);
    if (wrong)
        (void)snprintf(error, error_size, "%s: %s", path, wrong);
    return !wrong;
}

bool http_socket_tcp(struct http_socket *made, const struct sockaddr *address, socklen_t len,
                     char *error, size_t error_size)
{
    const int on = 1;

    *made = (struct http_socket){.fd = socket(address->sa_family, SOCKET_FLAGS, 0)};
    if (made->fd >= 0 && setsockopt(made->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        (address->sa_family != AF_INET6 ||
         setsockopt(made->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0) &&
        bind(made->fd, address, len) == 0 && listen(made->fd, BACKLOG) == 0)
        return true;
    (void)snprintf(error, error_size, "%s", strerror(errno));
    http_socket_close(made);
    return false;
}

bool http_address_is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 ==
               IN_LOOPBACKNET;
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

void http_socket_close(struct http_socket *socket)
{
    struct stat st;

    if (socket->path && socket->ino != 0 && lstat(socket->path, &st) == 0 &&
        st.st_dev == socket->dev && st.st_ino == socket->ino)
        (void)unlink(socket->path);
    if (socket->fd >= 0)
        (void)close(socket->fd);
    free(socket->path);
    *socket = (struct http_socket){.fd = -1};
}

bool http_peer_is_trusted(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

static void address_print(int fd, char text[HTTP_PEER_BYTES])
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof(peer);
    char host[48], port[8];

    if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
        getnameinfo((struct sockaddr *)&peer, len, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        (void)snprintf(text, HTTP_PEER_BYTES, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

void http_peer_print(int fd, char text[HTTP_PEER_BYTES])
{
    struct ucred peer;
    socklen_t len = sizeof(peer);
    struct sockaddr_storage own = {0};
    socklen_t own_len = sizeof(own);

    memcpy(text, "?", 2);
    if (getsockname(fd, (struct sockaddr *)&own, &own_len) != 0)
        return;
    if (own.ss_family != AF_UNIX)
        address_print(fd, text);
    else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
        (void)snprintf(text, HTTP_PEER_BYTES, "uid %u", (unsigned)peer.uid);
}
