/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/net/tcp has the number of a listening socket, and /proc/PID/fd whose it is.  Sockets of the
 * kernel's own NFS server belong to no process.
 */
#include "daemon/port_holder.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LISTENS = 10, /* TCP_LISTEN, as /proc/net/tcp shows it */
    LINE_BYTES = 512,
    PATH_BYTES = 64,
    NAME_BYTES = 32 /* of a process; the kernel keeps 15 */
};

/* The socket's number; 0: none listens there. */
static unsigned long socket_find(const char *table, uint16_t port)
{
    FILE *file = fopen(table, "re");
    unsigned long inode = 0;
    char line[LINE_BYTES];

    while (file && inode == 0 && fgets(line, sizeof(line), file)) {
        unsigned at, state;
        unsigned long found;

        if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*u %*u %lu", &at,
                   &state, &found) == 3 &&
            at == port && state == LISTENS)
            inode = found;
    }
    if (file)
        (void)fclose(file);
    return inode;
}

static bool has_socket(const char *pid, const char *link)
{
    char path[PATH_BYTES], target[PATH_BYTES];
    const struct dirent *entry;
    bool found = false;
    DIR *dir;

    (void)snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
    dir = opendir(path);
    while (dir && !found && (entry = readdir(dir)) != NULL) {
        const ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

        target[len > 0 ? len : 0] = '\0';
        found = strcmp(target, link) == 0;
    }
    if (dir)
        closedir(dir);
    return found;
}

/* A process may call itself anything, also what steers the terminal of whoever reads it. */
static void name_read(const char *pid, char name[NAME_BYTES])
{
    char path[PATH_BYTES];
    FILE *file;

    *name = '\0';
    (void)snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
    file = fopen(path, "re");
    if (file && fgets(name, NAME_BYTES, file))
        name[strcspn(name, "\n")] = '\0';
    for (char *c = name; *c; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
    if (file)
        (void)fclose(file);
}

/* What is asked of each process; 0 ends the search at none. */
static long process_find(bool (*is_it)(const char *pid, const char *what), const char *what)
{
    DIR *dir = opendir("/proc");
    const struct dirent *entry;
    long pid = 0;

    while (dir && pid == 0 && (entry = readdir(dir)) != NULL) {
        if (isdigit((unsigned char)entry->d_name[0]) && is_it(entry->d_name, what))
            pid = strtol(entry->d_name, NULL, 10);
    }
    if (dir)
        closedir(dir);
    return pid;
}

/* A thread of the kernel has no program. */
static bool is_kernel_thread(const char *pid, const char *wanted)
{
    char path[PATH_BYTES], name[NAME_BYTES], target[1];

    name_read(pid, name);
    (void)snprintf(path, sizeof(path), "/proc/%.16s/exe", pid);
    return strcmp(name, wanted) == 0 && readlink(path, target, sizeof(target)) < 0;
}

static void tell_process(long pid, char *text, size_t size)
{
    char number[24], name[NAME_BYTES];

    (void)snprintf(number, sizeof(number), "%ld", pid);
    name_read(number, name);
    if (pid == 1)
        (void)snprintf(text, size,
                       "%s holds the port for a unit, which systemctl list-sockets shows", name);
    else
        (void)snprintf(text, size, "%s uses the port (process %ld)", name, pid);
}

const char *port_holder_tell(uint16_t port, char *text, size_t size)
{
    unsigned long inode = socket_find("/proc/net/tcp", port);
    char link[PATH_BYTES];
    long pid;

    if (inode == 0)
        inode = socket_find("/proc/net/tcp6", port);
    (void)snprintf(link, sizeof(link), "socket:[%lu]", inode);
    pid = inode > 0 ? process_find(has_socket, link) : 0;
    if (pid > 0)
        tell_process(pid, text, size);
    else if (process_find(is_kernel_thread, "nfsd") > 0)
        (void)snprintf(text, size,
                       "the kernel's NFS server runs, and seems to use the port (systemctl disable "
                       "--now nfs-server.service)");
    else
        (void)snprintf(text, size, "another program uses the port, which only root can see");
    return text;
}
