/* SPDX-License-Identifier: Apache-2.0 */
#include "attacker.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/wait.h"

bool attacker_is_over(const struct attacker *me)
{
    return wait_now_ms() >= me->end_ms;
}

int attacker_socket(struct attacker *me, bool blocks)
{
    struct sockaddr_in own = {.sin_family = AF_INET}, server = own;
    const struct timeval patience = {.tv_sec = ATTACKER_TIMEOUT_MS / 1000};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    if (fd < 0)
        return -1;
    (void)inet_pton(AF_INET, me->source, &own.sin_addr);
    (void)inet_pton(AF_INET, me->host, &server.sin_addr);
    server.sin_port = htons(me->port);
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (bind(fd, (struct sockaddr *)&own, sizeof(own)) == 0 &&
        connect(fd, (struct sockaddr *)&server, sizeof(server)) == 0 &&
        (blocks || fcntl(fd, F_SETFL, O_NONBLOCK) == 0))
        return fd;
    (void)close(fd);
    return -1;
}

bool attacker_connect(struct attacker *me, struct client_conn *conn)
{
    int fd = attacker_socket(me, false);

    if (fd < 0) {
        me->broken++;
        return false;
    }
    client_conn_adopt(conn, fd, ATTACKER_TIMEOUT_MS);
    /* Mostly root, since it gets further. */
    conn->cred = (struct client_cred){.uid = random_one_in(&me->random, 4) ? 4000 : 0};
    return true;
}

static enum nfsstat4 register_client(struct attacker *me, uint32_t minor,
                                     struct client_mount *mount, struct client_callbacks *callbacks)
{
    enum nfsstat4 status = NFS4ERR_SERVERFAULT;
    char owner[96];

    (void)snprintf(owner, sizeof(owner), "storm %s %ld %u", me->name, (long)getpid(), me->next++);
    if (minor == 0) {
        struct client_id_wish wish = client_id_wish_default(owner);

        mount->v40 = true;
        mount->trouble = client_id_open(&mount->conn, &wish, &mount->id, &status);
    } else {
        struct client_session_wish wish = client_session_wish_default(owner);

        wish.minor = minor;
        wish.callbacks = callbacks;
        mount->trouble = client_session_open(&mount->conn, &wish, &mount->session, &status);
    }
    return mount->trouble == CLIENT_OK ? status : NFS4ERR_SERVERFAULT;
}

bool attacker_mount(struct attacker *me, uint32_t minor, struct client_mount *mount,
                    struct client_callbacks *callbacks)
{
    enum nfsstat4 status;

    memset(mount, 0, sizeof(*mount));
    if (!attacker_connect(me, &mount->conn))
        return false;
    status = register_client(me, minor, mount, callbacks);
    attacker_note(me, status);
    if (status == NFS4_OK)
        return true;
    attacker_drop(mount);
    return false;
}

void attacker_drop(struct client_mount *mount)
{
    client_conn_close(&mount->conn);
}

void attacker_note(struct attacker *me, enum nfsstat4 status)
{
    if (status == NFS4_OK)
        me->answered++;
    else if (status == NFS4ERR_DELAY)
        me->delayed++;
    else if (status == NFS4ERR_SERVERFAULT)
        me->broken++;
    else
        me->refused++;
}

bool attacker_dir(struct attacker *me, struct client_mount *mount, const char *export,
                  const char *name, struct client_fh *fh)
{
    struct client_fh top;
    enum nfsstat4 status;

    do {
        status = client_file_lookup(mount, export, &top);
        if (status == NFS4_OK)
            status = client_file_mkdir(mount, &top, name, fh);
        if (status == NFS4ERR_EXIST)
            status = client_file_lookup_at(mount, &top, name, fh);
        attacker_note(me, status);
    } while (status == NFS4ERR_DELAY && !attacker_is_over(me) &&
             (wait_ms(ATTACKER_PAUSE_MS), true));
    return status == NFS4_OK;
}

const char *attacker_new_name(struct attacker *me, char name[64])
{
    (void)snprintf(name, 64, "%s.%ld.%u", me->name, (long)getpid(), me->next++);
    return name;
}

const char *attacker_name(struct attacker *me, const char *prefix, unsigned count, char name[64])
{
    (void)snprintf(name, 64, "%s%u", prefix, random_below(&me->random, count));
    return name;
}

void attacker_finding(const struct attacker *me, const char *what, enum nfsstat4 status)
{
    (void)printf("FINDING: %s from %s: %s: %s\n", me->name, me->source, what, status_name(status));
    (void)fflush(stdout);
}
