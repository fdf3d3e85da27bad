/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/state/delegation/watch_fixture.h"

#include <stdio.h>
#include <string.h>

#include "state/delegation/delegation_watch.h"

struct readied readied;
struct last_notice last_notice;

static void hook_ready(struct client *client, void *context)
{
    assert_ptr_equal(context, &readied);
    readied.calls++;
    readied.client = client;
    client_put(client);
}

static bool hook_possible(struct client *client, void *context)
{
    assert_ptr_equal(context, &readied);
    assert_non_null(client);
    return !readied.impossible;
}

int watch_set_up(void **unused)
{
    const struct delegation_notify_hooks hooks = {hook_ready, hook_possible, &readied};
    int status = delegation_set_up(unused);

    readied = (struct readied){.calls = 0};
    delegation_dir_allow(fx.state, DELEGATION_DIR_NOTIFY);
    delegation_notify_hook(fx.state, &hooks);
    delegation_watch_start(fx.state);
    return status;
}

int watch_tear_down(void **unused)
{
    delegation_watch_stop();
    return delegation_tear_down(unused);
}

struct stateid4 must_watch_as(struct client *client, struct vfs_object *dir,
                              struct delegation_subscription *wants, const struct vfs_cred *cred)
{
    struct delegation_request request = wish(client, dir, DELEGATION_DIRECTORY);
    enum delegation_counter why;
    struct stateid4 stateid;

    request.wants = wants;
    request.cred = cred;
    assert_true(delegation_dir_offer(fx.state, &request, &stateid, &why));
    return stateid;
}

struct stateid4 must_watch(struct client *client, struct vfs_object *dir, uint32_t types)
{
    struct delegation_subscription wants = {.types = types};
    struct stateid4 stateid = must_watch_as(client, dir, &wants, &fx.cred);

    assert_int_equal(wants.types, types);
    return stateid;
}

enum nfsstat4 claim(struct client *client, struct vfs_object *dir, enum delegation_use use)
{
    enum nfsstat4 status = delegation_begin(fx.state, &(struct delegation_claim){client, dir, use},
                                            clock_now_ns(), NULL);

    if (status == NFS4_OK)
        delegation_end(fx.state, dir);
    return status;
}

static struct vfs_cred cred_of(struct client *client)
{
    struct vfs_cred cred = fx.cred;

    cred.actor = client;
    return cred;
}

static struct vfs_name name_from(const char *text)
{
    return (struct vfs_name){.data = text, .len = strlen(text)};
}

static struct vfs_object *make(struct client *client, struct vfs_object *dir, const char *text,
                               enum vfs_type type)
{
    const struct vfs_cred cred = cred_of(client);
    const struct vfs_name name = name_from(text);
    const struct vfs_attr attr = {.mask = VFS_ATTR_MODE, .mode = 0755};
    struct vfs_create create = {.type = type, .mode = VFS_CREATE_GUARDED, .attr = &attr};
    struct vfs_change_info info;
    struct vfs_object *made;

    assert_int_equal(dir->fs->ops->create(dir, &cred, &name, &create, &info, &made), VFS_OK);
    delegation_notify_run(fx.state);
    return made;
}

void make_file(struct client *client, struct vfs_object *dir, const char *name)
{
    vfs_object_put(make(client, dir, name, VFS_REG));
}

struct vfs_object *make_dir(struct client *client, struct vfs_object *dir, const char *name)
{
    return make(client, dir, name, VFS_DIR);
}

void take_away(struct client *client, struct vfs_object *dir, const char *text)
{
    const struct vfs_cred cred = cred_of(client);
    const struct vfs_name name = name_from(text);
    struct vfs_change_info info;

    assert_int_equal(dir->fs->ops->remove(dir, &cred, &name, &info), VFS_OK);
    delegation_notify_run(fx.state);
}

void move(struct client *client, struct vfs_object *from_dir, const char *from,
          struct vfs_object *to_dir, const char *to)
{
    const struct vfs_cred cred = cred_of(client);
    const struct vfs_name old = name_from(from), fresh = name_from(to);
    struct vfs_change_info from_info, to_info;

    assert_int_equal(
        to_dir->fs->ops->rename(from_dir, &old, to_dir, &fresh, &cred, &from_info, &to_info),
        VFS_OK);
    delegation_notify_run(fx.state);
}

void set_mode(struct client *client, struct vfs_object *obj, uint32_t mode)
{
    const struct vfs_cred cred = cred_of(client);
    const struct vfs_attr set = {.mask = VFS_ATTR_MODE, .mode = mode};
    uint32_t applied;

    assert_int_equal(obj->fs->ops->setattr(obj, &cred, &set, false, &applied), VFS_OK);
    delegation_notify_run(fx.state);
}

const char *told(struct client *client)
{
    static const char *const words[] = {"attrs", "dir", "remove", "add", "rename"};
    static char text[64];
    struct delegation_notice notice;
    int at;

    if (!delegation_notify_take(client, &notice))
        return "";
    at = snprintf(text, sizeof(text), "%s", words[notice.type]);
    if (notice.name.len > 0)
        at += snprintf(text + at, sizeof(text) - (size_t)at, " %.*s", (int)notice.name.len,
                       (const char *)notice.name.data);
    if (notice.new_name.len > 0)
        snprintf(text + at, sizeof(text) - (size_t)at, " %.*s", (int)notice.new_name.len,
                 (const char *)notice.new_name.data);
    last_notice = (struct last_notice){.delegation = notice.delegation,
                                       .has_change = notice.has_change,
                                       .replaced = notice.replaced,
                                       .has_prev = notice.has_prev,
                                       .has_obj = notice.obj != NULL,
                                       .change = notice.change};
    delegation_notice_fini(&notice);
    return text;
}

uint64_t change_of(struct vfs_object *obj)
{
    struct vfs_attr attr;

    assert_int_equal(obj->fs->ops->getattr(obj, VFS_ATTR_CHANGE, &attr), VFS_OK);
    return attr.change;
}
