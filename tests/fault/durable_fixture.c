/* SPDX-License-Identifier: Apache-2.0 */
#include "fault/durable_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/wait.h"

#define PATHS 8

struct disk_watch *watch;

static char here[32]; /* the test's directory, below the watched one */
static struct client_fh here_fh;

static int setup(uint32_t fs_type)
{
    static char sync[192], async[192];
    const char *const options[] = {"--grace", "0", "--export", sync, "--export", async, NULL};
    char path[128];

    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(path, sizeof(path), "%s/sync", script_server.data);
    if (mkdir(path, 0755) != 0)
        return -1;
    (void)snprintf(sync, sizeof(sync), "/sync=local:%s,no_root_squash", path);
    (void)snprintf(path, sizeof(path), "%s/async", script_server.data);
    if (mkdir(path, 0755) != 0)
        return -1;
    (void)snprintf(async, sizeof(async), "/async=local:%s,no_root_squash,async", path);
    watch = disk_watch_install(script_server.dir, script_server.data, fs_type);
    return script_setup(options);
}

int durable_setup_ext4(void **state)
{
    (void)state;
    return setup(EXT4_SUPER_MAGIC);
}

int durable_setup_btrfs(void **state)
{
    (void)state;
    return setup((uint32_t)BTRFS_SUPER_MAGIC);
}

int durable_setup_tmpfs(void **state)
{
    (void)state;
    return setup(TMPFS_MAGIC);
}

static const char *join(const char *root, const char *middle, const char *name)
{
    static char paths[PATHS][256];
    static unsigned turn;
    char *path = paths[turn++ % PATHS];

    (void)snprintf(path, sizeof(paths[0]), "%s%s%s%s", root, middle, *name ? "/" : "", name);
    return path;
}

const char *durable_path(const char *name)
{
    char root[128];

    (void)snprintf(root, sizeof(root), "%s/", script_server.data);
    return join(root, here, name);
}

const char *durable_note(const char *name)
{
    return join("", here, name);
}

static void fill(void)
{
    int fd = open(durable_path("file"), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "0123456789", 10), 10);
    close(fd);
    assert_int_equal(symlink("file", durable_path("link")), 0);
    assert_int_equal(mkfifo(durable_path("fifo"), 0600), 0);
    assert_int_equal(mkdir(durable_path("empty"), 0755), 0);
    assert_int_equal(mkdir(durable_path("sub"), 0755), 0);
    assert_int_equal(mkdir(durable_path("sub/inner"), 0755), 0);
    assert_int_equal(mkdir(durable_path("other"), 0755), 0);
}

struct client_fh durable_dir(const char *export)
{
    static unsigned count;
    char path[64];

    disk_watch_reset(watch);
    (void)snprintf(here, sizeof(here), "%s/%u", export, count++);
    assert_int_equal(mkdir(durable_path(""), 0755), 0);
    fill();
    (void)snprintf(path, sizeof(path), "/%s", here);
    expect_status(client_file_lookup(&alice, path, &here_fh), NFS4_OK);
    return here_fh;
}

void durable_look(const char *name)
{
    client_op_putfh(C, &here_fh);
    client_op_lookup(C, name);
}

uint32_t durable_send(struct client_conn *conn)
{
    uint32_t xid;

    assert_int_equal(client_compound_send(conn, C, &xid), CLIENT_OK);
    return xid;
}

bool durable_answered(const struct client_conn *conn)
{
    struct pollfd readable = {.fd = conn->fd, .events = POLLIN};

    return conn->stash_count > 0 || poll(&readable, 1, 0) != 0;
}

void durable_receive(struct client_conn *conn, uint32_t xid, enum nfsstat4 status)
{
    client_result_free(R);
    assert_int_equal(client_compound_receive(conn, C, xid, R), CLIENT_OK);
    expect_status(R->status, status);
}

void durable_held(uint32_t count)
{
    wait_until(atomic_load(&watch->held) == count);
}

void durable_pass(void)
{
    uint32_t count = atomic_load(&watch->count);

    atomic_fetch_add(&watch->passes, 1);
    wait_until(atomic_load(&watch->count) > count);
    durable_held(1);
}

void durable_mount(struct client_mount *mount)
{
    switch (script_minor) {
    case 0:
        script_mount_v40(mount);
        break;
    case 1:
        script_mount_v41(mount);
        break;
    default:
        script_mount_v42(mount);
        break;
    }
}

void durable_restart(void)
{
    client_conn_close(&alice.conn);
    client_conn_close(&bob.conn);
    assert_true(test_server_start(&script_server, NULL));
    durable_mount(&alice);
    durable_mount(&bob);
}
