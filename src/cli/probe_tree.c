/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks a server's name space, breadth first.  The pseudo file system (RFC 8881 §7.3) is listed
 * directory by directory.  No attribute identifies it, so it is taken to be the file system of the
 * root and, if the root itself is exported, the one with fsid 0:0.  Of any other file system only
 * the root is listed, and only entries with another fsid are followed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "cli/printable.h"
#include "cli/probe_call.h"
#include "cli/probe_error.h"
#include "cli/probe_security.h"
#include "cli/probe_tree.h"

#define READDIR_BYTES 32768u
#define READDIR_CALLS_MAX 256u /* per directory, however few entries each returns */

/* Wait and return true if the server asks for a retry, and has not done so too often. */
static bool delayed(enum nfsstat4 status, uint32_t *delays)
{
    const struct timespec pause = {0, PROBE_DELAY_MS * NSEC_PER_MSEC};

    if (status != NFS4ERR_DELAY || *delays == PROBE_DELAYS_MAX)
        return false;
    (*delays)++;
    nanosleep(&pause, NULL);
    return true;
}

static bool fsid_same(const struct fsid4 *a, const struct fsid4 *b)
{
    return a->major == b->major && a->minor == b->minor;
}

/* Take over the results of GETFH and GETATTR, or the status that stopped them. */
static void directory_fill(struct probe *probe, struct probe_directory *dir,
                           struct client_result *r)
{
    const struct nfs_resop4 *fh = client_result_lookup(r, OP_GETFH);
    const struct nfs_resop4 *get = client_result_lookup(r, OP_GETATTR);
    struct nfs4_attrs attrs = {0};

    dir->status = r->status;
    if (r->status != NFS4_OK)
        return;
    if (!fh || !get || !fattr_decode(&get->opgetattr.obj_attributes, &attrs, &r->reply.arena)) {
        dir->status = NFS4ERR_BADXDR;
        return;
    }
    dir->fh.len = fh->opgetfh.object.len;
    if (dir->fh.len > 0)
        memcpy(dir->fh.data, fh->opgetfh.object.data, dir->fh.len);
    dir->fsid = attrs.fsid;
    dir->supported = attrs.supported_attrs;
    if (bitmap4_isset(&get->opgetattr.obj_attributes.attrmask, FATTR4_LEASE_TIME))
        probe->tree.lease_time_s = attrs.lease_time;
}

/* Look up the root (`parent` NULL) or a name in a directory. */
static bool directory_lookup(struct probe *probe, const struct client_fh *parent,
                             const struct wire_opaque *name, struct probe_directory *dir)
{
    struct bitmap4 bits = CLIENT_BITS(FATTR4_SUPPORTED_ATTRS, FATTR4_FSID);
    struct client_compound c;
    struct client_result r;
    uint32_t delays = 0;

    if (!parent)
        bitmap4_set(&bits, FATTR4_LEASE_TIME);
    do {
        probe_call_begin(probe, &c);
        if (parent) {
            client_op_putfh(&c, parent);
            client_compound_add(&c, &(struct nfs_argop4){.argop = OP_LOOKUP, .oplookup = {*name}});
        } else {
            client_op_putrootfh(&c);
        }
        client_op_getfh(&c);
        client_op_getattr(&c, bits);
        if (!probe_call(probe, &c, &r))
            return false;
        directory_fill(probe, dir, &r);
        client_result_free(&r);
    } while (delayed(dir->status, &delays));
    return true;
}

static char *path_join(const char *parent, const struct wire_opaque *name)
{
    char *text = printable_name(name);
    size_t size = strlen(parent) + strlen(text) + 2;
    char *path = must_malloc(size);

    (void)snprintf(path, size, "%s/%s", strcmp(parent, "/") == 0 ? "" : parent, text);
    free(text);
    return path;
}

/* Mark a directory and the path to it as shown. */
static void show(struct probe_tree *tree, uint32_t index)
{
    while (!tree->directories[index].shown) {
        tree->directories[index].shown = true;
        index = tree->directories[index].parent;
    }
}

/* `name` NULL: the root.  NULL at PROBE_DIRECTORIES_MAX. */
static struct probe_directory *directory_add(struct probe_tree *tree, uint32_t parent,
                                             const struct wire_opaque *name)
{
    struct probe_directory *dir;

    if (tree->count == PROBE_DIRECTORIES_MAX) {
        tree->truncated = true;
        return NULL;
    }
    if (!tree->directories)
        tree->directories = must_calloc(PROBE_DIRECTORIES_MAX, sizeof(*tree->directories));
    dir = &tree->directories[tree->count++];
    dir->parent = parent;
    if (name) {
        dir->path = path_join(tree->directories[parent].path, name);
        dir->depth = tree->directories[parent].depth + 1;
    } else {
        dir->path = must_strdup("/");
    }
    return dir;
}

static bool fsid_pseudo(const struct probe_tree *tree, const struct fsid4 *fsid)
{
    return fsid_same(fsid, &tree->directories[0].fsid) || (fsid->major == 0 && fsid->minor == 0);
}

/* Should an entry be followed? *error: the error that the server returned in place of attributes,
 * for example when an export requires another flavor or has moved. */
static bool entry_followed(const struct probe_tree *tree, const struct probe_directory *up,
                           const struct entry4 *entry, struct arena *arena, uint32_t *error)
{
    struct nfs4_attrs attrs = {0};

    *error = NFS4_OK;
    if (!fattr_decode(&entry->attrs, &attrs, arena))
        return false;
    if (bitmap4_isset(&entry->attrs.attrmask, FATTR4_RDATTR_ERROR))
        *error = attrs.rdattr_error;
    if (*error != NFS4_OK)
        return true;
    return attrs.type == NF4DIR &&
           (fsid_pseudo(tree, &up->fsid) || !fsid_same(&attrs.fsid, &up->fsid));
}

/* Process one entry of a directory.  False: the probe ends. */
static bool entry_visit(struct probe *probe, uint32_t parent, const struct entry4 *entry,
                        struct arena *arena)
{
    struct probe_tree *tree = &probe->tree;
    const struct probe_directory *up = &tree->directories[parent];
    struct probe_directory *dir;
    uint32_t error;

    if (!entry_followed(tree, up, entry, arena, &error))
        return true;
    dir = directory_add(tree, parent, &entry->name);
    if (!dir)
        return true;
    if (error != NFS4_OK)
        dir->status = (enum nfsstat4)error;
    else if (!directory_lookup(probe, &up->fh, &entry->name, dir))
        return false;
    dir->file_system = dir->status == NFS4_OK && !fsid_same(&dir->fsid, &up->fsid);
    if (dir->file_system || (dir->status != NFS4_OK && dir->status != NFS4ERR_NOENT))
        show(tree, (uint32_t)(dir - tree->directories));
    return !dir->shown || probe_security_flavors(probe, &up->fh, &entry->name, dir);
}

/* State of a listing. */
struct listing {
    uint64_t cookie;
    uint8_t verifier[NFS4_VERIFIER_SIZE];
    uint32_t calls, entries, delays;
    bool more;
};

static bool listing_visit(struct probe *probe, uint32_t index, struct listing *listing,
                          struct client_result *r)
{
    const struct nfs_resop4 *op = client_result_lookup(r, OP_READDIR);

    listing->more = false;
    if (!op || op->status != NFS4_OK)
        return true;
    memcpy(listing->verifier, op->opreaddir.cookieverf, sizeof(listing->verifier));
    listing->more = !op->opreaddir.reply.eof && op->opreaddir.reply.entries;
    for (const struct entry4 *e = op->opreaddir.reply.entries; e; e = e->nextentry) {
        if (listing->entries++ == PROBE_ENTRIES_MAX) {
            probe->tree.truncated = true;
            listing->more = false;
            return true;
        }
        listing->cookie = e->cookie;
        if (!entry_visit(probe, index, e, &r->reply.arena))
            return false;
    }
    return true;
}

/* The reply must fit the session. */
static uint32_t readdir_bytes(const struct probe *probe)
{
    uint32_t most = probe->minor == 0 ? READDIR_BYTES : probe->session.fore.ca_maxresponsesize / 2;

    return most < READDIR_BYTES ? most : READDIR_BYTES;
}

/* List a directory and process its entries.  False: the probe ends. */
static bool directory_list(struct probe *probe, uint32_t index)
{
    struct probe_directory *dir = &probe->tree.directories[index];
    struct bitmap4 bits = CLIENT_BITS(FATTR4_TYPE, FATTR4_FSID, FATTR4_RDATTR_ERROR);
    struct listing listing = {.more = dir->depth < PROBE_DEPTH_MAX};

    probe->tree.truncated |= !listing.more;
    while (listing.more) {
        struct client_compound c;
        struct client_result r;
        bool ok;

        if (listing.calls++ == READDIR_CALLS_MAX) {
            probe->tree.truncated = true;
            return true;
        }
        probe_call_begin(probe, &c);
        client_op_putfh(&c, &dir->fh);
        client_op_readdir(&c, listing.cookie, listing.verifier, readdir_bytes(probe), bits);
        if (!probe_call(probe, &c, &r))
            return false;
        dir->status = r.status;
        ok = listing_visit(probe, index, &listing, &r);
        client_result_free(&r);
        if (!ok)
            return false;
        listing.more |= delayed(dir->status, &listing.delays);
    }
    return true;
}

/* The root takes other flavors.  Returns false. */
static bool root_wants(struct probe *probe, const struct probe_directory *root)
{
    char number[PROBE_FLAVOR_BYTES];

    (void)snprintf(probe->error, sizeof(probe->error),
                   "the root of the name space takes another security flavor: try --sec %s",
                   probe_security_name(&root->flavors[0], number));
    return false;
}

bool probe_tree_walk(struct probe *probe)
{
    struct probe_tree *tree = &probe->tree;
    struct probe_directory *root = directory_add(tree, 0, NULL);

    root->shown = root->file_system = true;
    if (!directory_lookup(probe, NULL, NULL, root) ||
        !probe_security_flavors(probe, NULL, NULL, root))
        return false;
    if (root->status == NFS4ERR_WRONGSEC && root->flavor_count > 0)
        return root_wants(probe, root);
    if (root->status != NFS4_OK)
        return probe_fail(probe, "the root of the name space", CLIENT_OK, root->status);
    for (uint32_t i = 0; i < tree->count; i++)
        if (tree->directories[i].status == NFS4_OK && !directory_list(probe, i))
            return false;
    return true;
}

void probe_tree_fini(struct probe_tree *tree)
{
    for (uint32_t i = 0; i < tree->count; i++)
        free(tree->directories[i].path);
    free(tree->directories);
}
