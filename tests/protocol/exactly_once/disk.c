/* SPDX-License-Identifier: Apache-2.0 */
/* tree_compare_disk(): the tree as seen on the server's own machine. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"

static mode_t type_of(enum nfs_ftype4 type)
{
    switch (type) {
    case NF4DIR:
        return S_IFDIR;
    case NF4LNK:
        return S_IFLNK;
    case NF4FIFO:
        return S_IFIFO;
    case NF4SOCK:
        return S_IFSOCK;
    default:
        return S_IFREG;
    }
}

static uint32_t entries(const char *path)
{
    DIR *dir = opendir(path);
    uint32_t count = 0;

    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count < 2 ? 0 : count - 2; /* "." and ".." */
}

static bool same_data(const char *path, const struct model_node *node)
{
    uint8_t data[MODEL_FILE_BYTES + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t len = fd < 0 ? -1 : read(fd, data, sizeof(data));

    if (fd >= 0)
        close(fd);
    return len == (ssize_t)node->size && memcmp(data, node->data, node->size) == 0;
}

static bool same_target(const char *path, const struct model_node *node)
{
    char target[MODEL_TARGET_BYTES] = "";
    ssize_t len = readlink(path, target, sizeof(target) - 1);

    return len >= 0 && strcmp(target, node->target) == 0;
}

static bool same_contents(const struct lane *lane, int number, const char *path)
{
    const struct model_node *node = &lane->model.nodes[number];

    switch (node->type) {
    case NF4DIR:
        return entries(path) == model_dir_count(&lane->model, number);
    case NF4REG:
        return same_data(path, node);
    case NF4LNK:
        return same_target(path, node);
    default:
        return true;
    }
}

static bool same_attributes(const struct lane *lane, int number, const char *path)
{
    const struct model_node *node = &lane->model.nodes[number];
    struct stat st;

    if (lstat(path, &st) != 0 || (st.st_mode & S_IFMT) != type_of(node->type))
        return false;
    if (node->type != NF4LNK && (st.st_mode & 07777) != node->mode)
        return false;
    if (node->type == NF4DIR && !lane->work->dir_links)
        return true;
    return st.st_nlink == model_links(&lane->model, number);
}

static void compare_name(const char *dir, const struct lane *lane, const struct model_name *name)
{
    char path[MODEL_PATH_BYTES * 2], below[MODEL_PATH_BYTES];

    model_path(&lane->model, name->dir, below, sizeof(below));
    (void)snprintf(path, sizeof(path), "%s%s/%s", dir, below, name->text);
    if (!same_attributes(lane, name->node, path))
        lane_differs(lane, "on the disk: %s has other attributes", path);
    else if (!same_contents(lane, name->node, path))
        lane_differs(lane, "on the disk: %s has other contents", path);
}

static void compare_lane(const char *dir, const struct lane *lane)
{
    char path[MODEL_PATH_BYTES * 2];

    for (int i = 0; i < MODEL_NAMES; i++)
        if (lane->model.names[i].node)
            compare_name(dir, lane, &lane->model.names[i]);
    (void)snprintf(path, sizeof(path), "%s/%s", dir, lane->model.prefix);
    if (!same_contents(lane, MODEL_ROOT, path))
        lane_differs(lane, "on the disk: %s has other names", path);
}

void tree_compare_disk(const char *dir, const struct courier *couriers, unsigned count)
{
    char path[MODEL_PATH_BYTES];
    uint32_t names = 0;

    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = 0; j < WORKLOAD_LANES; j++) {
            compare_lane(dir, &couriers[i].lanes[j]);
            names += model_dir_count(&couriers[i].lanes[j].model, MODEL_SHARED);
        }
    }
    (void)snprintf(path, sizeof(path), "%s/shared", dir);
    if (entries(path) != names)
        lane_differs(&couriers[0].lanes[0], "on the disk: %u shared names instead of %u",
                     entries(path), names);
}
