/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does the TLS handshakes that the kernel's NFS client asks for, in a guest: what tlshd does
 * elsewhere (ktls-utils), which Debian 12 has no package of.
 *
 *   handshake-agent CA [CERTIFICATE KEY [ALPN]]      prints "ready", and serves until it is killed
 *
 * The files are read again for each handshake.
 */
#include "agent_tls.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* In a process of its own, so that one peer that does not answer holds up no other. */
static void handshake(const struct agent_files *files)
{
    struct agent_netlink netlink;
    struct agent_request request;
    int error;

    if (!agent_netlink_open(&netlink))
        return;
    while (agent_netlink_accept(&netlink, &request)) {
        error = agent_tls_handshake(&request, files);
        agent_netlink_done(&netlink, request.socket, error);
        close(request.socket);
    }
    agent_netlink_close(&netlink);
}

int main(int argc, char **argv)
{
    struct agent_files files = {0};
    struct agent_netlink netlink;

    if (argc < 2 || argc > 5) {
        fprintf(stderr, "usage: handshake-agent CA [CERTIFICATE KEY [ALPN]]\n");
        return 2;
    }
    files.ca = argv[1];
    if (argc > 3) {
        files.certificate = argv[2];
        files.key = argv[3];
        files.alpn = argv[4]; /* NULL after the last one */
    }
    (void)signal(SIGCHLD, SIG_IGN); /* nobody waits for the children */
    if (!agent_netlink_open(&netlink) || !agent_netlink_join(&netlink))
        return 1;
    puts("ready");
    (void)fflush(stdout);
    while (agent_netlink_wait(&netlink)) {
        if (fork() == 0) {
            agent_netlink_close(&netlink);
            handshake(&files);
            _exit(0);
        }
    }
    perror("handshake-agent");
    return 1;
}
