/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 4096u /* of one directory */
#define VISITS_MAX 2048u  /* directories looked at in all */

/* Directories to look at: a queue, so that the tree comes out level by level. */
struct visit {
    struct client_fh fh;
    struct fsid4 fsid;
    unsigned depth;
    char path[sizeof(((struct probe_node *)0)->path)];
};

struct walk {
    struct probe *probe;
    struct client_mount *mount;
    struct visit *visits; /* VISITS_MAX */
    unsigned next, count;
};

static void node_add(struct probe *probe, const struct visit *visit, enum nfsstat4 status)
{
    struct probe_node *node;

    if (probe->node_count == PROBE_TREE_NODES) {
        probe->truncated = true;
        return;
    }
    node = &probe->nodes[probe->node_count++];
    memcpy(node->path, visit->path, sizeof(node->path));
    node->fsid = visit->fsid;
    node->status = status;
}

static bool fsid_same(const struct fsid4 *a, const struct fsid4 *b)
{
    return a->major == b->major && a->minor == b->minor;
}

/* Look at a child; a new file system becomes a node, and any directory of the pseudo file system
 * (that of the root) is walked on. */
static void child_visit(struct walk *walk, const struct visit *parent, const char *name)
{
    struct bitmap4 bits = CLIENT_BITS(FATTR4_TYPE, FATTR4_FSID);
    struct visit *child = &walk->visits[walk->count];
    struct nfs4_attrs attrs;
    enum nfsstat4 status;

    if (walk->count == VISITS_MAX) {
        walk->probe->truncated = true;
        return;
    }
    *child = (struct visit){.depth = parent->depth + 1};
    if (snprintf(child->path, sizeof(child->path), "%s%s%s", parent->path,
                 parent->path[1] ? "/" : "", name) >= (int)sizeof(child->path))
        return;
    status = client_file_lookup_at(walk->mount, &parent->fh, name, &child->fh);
    if (status == NFS4_OK)
        status = client_file_getattr(walk->mount, &child->fh, bits, &attrs, NULL);
    if (status == NFS4ERR_WRONGSEC || status == NFS4ERR_MOVED) {
        node_add(walk->probe, child, status); /* what can't be entered here is an export */
        return;
    }
    if (status != NFS4_OK || attrs.type != NF4DIR)
        return;
    child->fsid = attrs.fsid;
    if (!fsid_same(&child->fsid, &parent->fsid))
        node_add(walk->probe, child, NFS4_OK);
    if (child->depth >= walk->probe->depth)
        walk->probe->truncated = true;
    else
        walk->count++;
}

struct names {
    char text[ENTRIES_MAX][256];
    unsigned count;
    struct arena arena;
};

/* Directories, and what does not tell its attributes: an export with rules of its own. */
static bool worth_a_visit(const struct entry4 *entry, struct arena *arena)
{
    struct nfs4_attrs attrs = {0};

    if (!bitmap4_isset(&entry->attrs.attrmask, FATTR4_TYPE))
        return true;
    return !fattr_decode(&entry->attrs, &attrs, arena) || attrs.type == NF4DIR;
}

static bool name_keep(const struct entry4 *entry, void *context)
{
    struct names *names = context;

    if (names->count == ENTRIES_MAX)
        return false;
    if (entry->name.len < sizeof(names->text[0]) && worth_a_visit(entry, &names->arena)) {
        memcpy(names->text[names->count], entry->name.data, entry->name.len);
        names->text[names->count++][entry->name.len] = '\0';
    }
    return true;
}

void probe_tree(struct probe *probe, struct client_mount *mount)
{
    struct walk walk = {.probe = probe, .mount = mount, .count = 1};
    struct names *names = must_calloc(1, sizeof(*names));
    struct bitmap4 bits = CLIENT_BITS(FATTR4_FSID);
    struct bitmap4 ask = CLIENT_BITS(FATTR4_TYPE, FATTR4_RDATTR_ERROR);
    struct nfs4_attrs attrs;
    struct visit *root;

    arena_init(&names->arena, 4096);
    walk.visits = must_calloc(VISITS_MAX + 1, sizeof(*walk.visits));
    root = &walk.visits[0];
    strcpy(root->path, "/");
    if (client_file_lookup(mount, "/", &root->fh) == NFS4_OK &&
        client_file_getattr(mount, &root->fh, bits, &attrs, NULL) == NFS4_OK) {
        root->fsid = attrs.fsid;
        node_add(probe, root, NFS4_OK);
        while (walk.next < walk.count && mount->trouble == CLIENT_OK) {
            const struct visit *visit = &walk.visits[walk.next++];

            names->count = 0;
            if (client_file_readdir(mount, &visit->fh, ask, name_keep, names) != NFS4_OK)
                continue;
            arena_reset(&names->arena);
            for (unsigned i = 0; i < names->count; i++)
                child_visit(&walk, visit, names->text[i]);
        }
    }
    free(walk.visits);
    arena_fini(&names->arena);
    free(names);
}

const char *probe_attr_name(uint32_t attribute)
{
    switch (attribute) {
    case FATTR4_SUPPORTED_ATTRS:
        return "supported_attrs";
    case FATTR4_TYPE:
        return "type";
    case FATTR4_FH_EXPIRE_TYPE:
        return "fh_expire_type";
    case FATTR4_CHANGE:
        return "change";
    case FATTR4_SIZE:
        return "size";
    case FATTR4_LINK_SUPPORT:
        return "link_support";
    case FATTR4_SYMLINK_SUPPORT:
        return "symlink_support";
    case FATTR4_NAMED_ATTR:
        return "named_attr";
    case FATTR4_FSID:
        return "fsid";
    case FATTR4_UNIQUE_HANDLES:
        return "unique_handles";
    case FATTR4_LEASE_TIME:
        return "lease_time";
    case FATTR4_RDATTR_ERROR:
        return "rdattr_error";
    case FATTR4_ACL:
        return "acl";
    case FATTR4_ACLSUPPORT:
        return "aclsupport";
    case FATTR4_ARCHIVE:
        return "archive";
    case FATTR4_CANSETTIME:
        return "cansettime";
    case FATTR4_CASE_INSENSITIVE:
        return "case_insensitive";
    case FATTR4_CASE_PRESERVING:
        return "case_preserving";
    case FATTR4_CHOWN_RESTRICTED:
        return "chown_restricted";
    case FATTR4_FILEHANDLE:
        return "filehandle";
    case FATTR4_FILEID:
        return "fileid";
    case FATTR4_FILES_AVAIL:
        return "files_avail";
    case FATTR4_FILES_FREE:
        return "files_free";
    case FATTR4_FILES_TOTAL:
        return "files_total";
    case FATTR4_FS_LOCATIONS:
        return "fs_locations";
    case FATTR4_HIDDEN:
        return "hidden";
    case FATTR4_HOMOGENEOUS:
        return "homogeneous";
    case FATTR4_MAXFILESIZE:
        return "maxfilesize";
    case FATTR4_MAXLINK:
        return "maxlink";
    case FATTR4_MAXNAME:
        return "maxname";
    case FATTR4_MAXREAD:
        return "maxread";
    case FATTR4_MAXWRITE:
        return "maxwrite";
    case FATTR4_MIMETYPE:
        return "mimetype";
    case FATTR4_MODE:
        return "mode";
    case FATTR4_NO_TRUNC:
        return "no_trunc";
    case FATTR4_NUMLINKS:
        return "numlinks";
    case FATTR4_OWNER:
        return "owner";
    case FATTR4_OWNER_GROUP:
        return "owner_group";
    case FATTR4_QUOTA_AVAIL_HARD:
        return "quota_avail_hard";
    case FATTR4_QUOTA_AVAIL_SOFT:
        return "quota_avail_soft";
    case FATTR4_QUOTA_USED:
        return "quota_used";
    case FATTR4_RAWDEV:
        return "rawdev";
    case FATTR4_SPACE_AVAIL:
        return "space_avail";
    case FATTR4_SPACE_FREE:
        return "space_free";
    case FATTR4_SPACE_TOTAL:
        return "space_total";
    case FATTR4_SPACE_USED:
        return "space_used";
    case FATTR4_SYSTEM:
        return "system";
    case FATTR4_TIME_ACCESS:
        return "time_access";
    case FATTR4_TIME_ACCESS_SET:
        return "time_access_set";
    case FATTR4_TIME_BACKUP:
        return "time_backup";
    case FATTR4_TIME_CREATE:
        return "time_create";
    case FATTR4_TIME_DELTA:
        return "time_delta";
    case FATTR4_TIME_METADATA:
        return "time_metadata";
    case FATTR4_TIME_MODIFY:
        return "time_modify";
    case FATTR4_TIME_MODIFY_SET:
        return "time_modify_set";
    case FATTR4_MOUNTED_ON_FILEID:
        return "mounted_on_fileid";
    case FATTR4_DIR_NOTIF_DELAY:
        return "dir_notif_delay";
    case FATTR4_DIRENT_NOTIF_DELAY:
        return "dirent_notif_delay";
    case FATTR4_DACL:
        return "dacl";
    case FATTR4_SACL:
        return "sacl";
    case FATTR4_CHANGE_POLICY:
        return "change_policy";
    case FATTR4_FS_STATUS:
        return "fs_status";
    case FATTR4_FS_LAYOUT_TYPES:
        return "fs_layout_types";
    case FATTR4_LAYOUT_HINT:
        return "layout_hint";
    case FATTR4_LAYOUT_TYPES:
        return "layout_types";
    case FATTR4_LAYOUT_BLKSIZE:
        return "layout_blksize";
    case FATTR4_LAYOUT_ALIGNMENT:
        return "layout_alignment";
    case FATTR4_FS_LOCATIONS_INFO:
        return "fs_locations_info";
    case FATTR4_MDSTHRESHOLD:
        return "mdsthreshold";
    case FATTR4_RETENTION_GET:
        return "retention_get";
    case FATTR4_RETENTION_SET:
        return "retention_set";
    case FATTR4_RETENTEVT_GET:
        return "retentevt_get";
    case FATTR4_RETENTEVT_SET:
        return "retentevt_set";
    case FATTR4_RETENTION_HOLD:
        return "retention_hold";
    case FATTR4_MODE_SET_MASKED:
        return "mode_set_masked";
    case FATTR4_SUPPATTR_EXCLCREAT:
        return "suppattr_exclcreat";
    case FATTR4_FS_CHARSET_CAP:
        return "fs_charset_cap";
    case FATTR4_CLONE_BLKSIZE:
        return "clone_blksize";
    case FATTR4_SPACE_FREED:
        return "space_freed";
    case FATTR4_CHANGE_ATTR_TYPE:
        return "change_attr_type";
    case FATTR4_SEC_LABEL:
        return "sec_label";
    case FATTR4_MODE_UMASK:
        return "mode_umask";
    case FATTR4_XATTR_SUPPORT:
        return "xattr_support";
    case FATTR4_OFFLINE:
        return "offline";
    case FATTR4_TIME_DELEG_ACCESS:
        return "time_deleg_access";
    case FATTR4_TIME_DELEG_MODIFY:
        return "time_deleg_modify";
    case FATTR4_OPEN_ARGUMENTS:
        return "open_arguments";
    }
    return NULL;
}
