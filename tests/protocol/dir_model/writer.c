/* SPDX-License-Identifier: Apache-2.0 */
#include "dir_model/writer.h"

#include <stdio.h>

#include "client/client_file.h"
#include "lib/test.h"
#include "lib/wait.h"
#include "script.h"

enum {
    NAMES = 16
};

/* What it does next; the same again after NFS4ERR_DELAY. */
struct deed {
    uint32_t what;
    const struct client_fh *dir, *to;
    char name[16], new_name[16];
};

static void come(struct writer *w)
{
    const struct client_cred cred = script_cred();
    char owner[32];
    struct client_session_wish wish;

    (void)snprintf(owner, sizeof(owner), "writer %u", w->number);
    wish = client_session_wish_default(owner);
    wish.flags &= ~(uint32_t)CREATE_SESSION4_FLAG_CONN_BACK_CHAN; /* no delegations of files */
    while (client_mount_open(&w->mount, w->target, SCRIPT_TIMEOUT_MS, &cred, &wish) != NFS4_OK)
        wait_ms(5);
    w->lives++;
}

static enum nfsstat4 call(struct writer *w, struct client_compound *c)
{
    struct client_result r;
    enum nfsstat4 status = client_mount_call(&w->mount, c, &r);

    client_result_free(&r);
    return status;
}

static enum nfsstat4 file_make(struct writer *w, const struct deed *deed)
{
    struct client_file file;
    enum nfsstat4 status = client_file_create(&w->mount, deed->dir, deed->name, &file);

    if (status == NFS4_OK && w->mount.trouble == CLIENT_OK)
        (void)client_file_close(&w->mount, &file);
    return status;
}

static enum nfsstat4 link_make(struct writer *w, const struct deed *deed)
{
    struct client_compound c;

    client_mount_begin(&w->mount, &c);
    client_op_putfh(&c, deed->dir);
    client_op_lookup(&c, deed->name);
    client_op(&c, OP_SAVEFH);
    client_op_putfh(&c, deed->to);
    client_op_link(&c, deed->new_name);
    return call(w, &c);
}

static enum nfsstat4 rename_it(struct writer *w, const struct deed *deed,
                               const struct client_fh *to)
{
    struct client_compound c;

    client_mount_begin(&w->mount, &c);
    client_op_putfh(&c, deed->dir);
    client_op(&c, OP_SAVEFH);
    client_op_putfh(&c, to);
    client_op_rename(&c, deed->name, deed->new_name);
    return call(w, &c);
}

static enum nfsstat4 dir_chmod(struct writer *w, const struct deed *deed)
{
    struct nfs4_attrs attrs = {.mode = 0777};

    return client_file_setattr(&w->mount, deed->dir, CLIENT_BITS(FATTR4_MODE), &attrs);
}

static enum nfsstat4 deed_do(struct writer *w, const struct deed *deed)
{
    struct client_fh fh;

    switch (deed->what) {
    case 0:
        return client_file_mkdir(&w->mount, deed->dir, deed->name, &fh);
    case 1:
        return client_file_symlink(&w->mount, deed->dir, deed->name, "target", &fh);
    case 2:
    case 3:
        return file_make(w, deed);
    case 4:
        return link_make(w, deed);
    case 5:
    case 6:
    case 7:
        return client_file_remove(&w->mount, deed->dir, deed->name);
    case 8:
    case 9:
        return rename_it(w, deed, deed->dir);
    case 10:
        return rename_it(w, deed, deed->to);
    default:
        return dir_chmod(w, deed);
    }
}

void writer_name(struct random *random, char name[16])
{
    (void)snprintf(name, 16, "n%u", random_below(random, NAMES));
}

static void deed_choose(struct writer *w, struct deed *deed)
{
    deed->what = random_below(&w->random, 44);
    if (deed->what > 11) /* 11 is rare */
        deed->what %= 11;
    deed->dir = &w->fhs[random_below(&w->random, w->dir_count)];
    deed->to = &w->fhs[random_below(&w->random, w->dir_count)];
    writer_name(&w->random, deed->name);
    writer_name(&w->random, deed->new_name);
}

/* True: it is over, well or not. */
static bool deed_try(struct writer *w, const struct deed *deed)
{
    enum nfsstat4 status = deed_do(w, deed);

    if (w->mount.trouble != CLIENT_OK || status == NFS4ERR_BADSESSION ||
        status == NFS4ERR_STALE_CLIENTID) {
        client_conn_close(&w->mount.conn);
        come(w);
        w->failures++;
        return true;
    }
    if (status == NFS4ERR_DELAY || status == NFS4ERR_GRACE) {
        w->delays++;
        wait_ms(1);
        return false;
    }
    if (status == NFS4_OK && atomic_load(w->left) > 0)
        atomic_fetch_sub(w->left, 1);
    return true;
}

static void *write_all(void *arg)
{
    struct writer *w = arg;
    struct deed deed;

    come(w);
    while ((int32_t)atomic_load(w->left) > 0) {
        deed_choose(w, &deed);
        while (!deed_try(w, &deed))
            ;
    }
    client_mount_close(&w->mount);
    return NULL;
}

void writer_start(struct writer *w)
{
    w->random = random_from(w->seed, w->number);
    CHECK(pthread_create(&w->thread, NULL, write_all, w) == 0);
}

void writer_join(struct writer *w)
{
    CHECK(pthread_join(w->thread, NULL) == 0);
}
