/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export_warnings.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/errand.h"
#include "daemon/export_words.h"
#include "daemon/file_system.h"
#include "daemon/public_address.h"
#include "daemon/warning.h"
#include "transport/address.h"

enum {
    NOTE_BYTES = 512,
    USER_BYTES = 96,
    ENTRIES_MAX = 256 /* of a directory that are looked at */
};

static bool is_local(const struct export_spec *spec)
{
    return strcmp(spec->backend, "local") == 0;
}

/* Without root nobody is anybody else.  all_squash says the same, and clients are told so. */
static void look_at_user(const struct export_spec *spec, const struct warning_taker *to)
{
    char user[USER_BYTES], note[NOTE_BYTES];

    if (geteuid() == 0 || spec->squash == EXPORT_ALL_SQUASH)
        return;
    (void)snprintf(note, sizeof(note),
                   "the server does not run as root: whoever the caller is, files belong to %s, "
                   "and all callers may do what that user may",
                   export_words_user(geteuid(), user, sizeof(user)));
    warning_tell(to, "export.own_user", spec->path, note,
                 "run the server as root to give files to their callers; or set "
                 "squash all_squash with anonuid and anongid of that user, if that is what you "
                 "want");
}

/* What is asked about a file. */
struct owned {
    uint32_t uid, gid;
    mode_t mode;
};

/* False: it cannot be told.  As far as possible without asking the file system, since it may be
 * another one than the export's, which does not answer. */
static bool owned_look(int directory, const char *name, struct owned *owned)
{
    struct statx stx;

    if (statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
              STATX_TYPE | STATX_MODE | STATX_UID | STATX_GID, &stx) != 0)
        return false;
    *owned = (struct owned){stx.stx_uid, stx.stx_gid, stx.stx_mode};
    return true;
}

static bool may_write(const struct owned *owned, uint32_t uid, uint32_t gid)
{
    if (owned->uid == uid)
        return (owned->mode & S_IWUSR) != 0;
    return (owned->mode & (owned->gid == gid ? S_IWGRP : S_IWOTH)) != 0;
}

/* Is there something in it for others than root?  Also if there is too much to tell. */
static bool has_others(const char *path, const struct export_spec *spec)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    bool found = false;
    struct owned owned;

    if (!dir)
        return true;
    for (uint32_t seen = 0; !found && (entry = readdir(dir)) != NULL; seen++) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        found = seen == ENTRIES_MAX || !owned_look(dirfd(dir), entry->d_name, &owned) ||
                (owned.uid != 0 && spec->squash != EXPORT_ALL_SQUASH) ||
                (!S_ISLNK(owned.mode) && may_write(&owned, spec->anon_uid, spec->anon_gid));
    }
    closedir(dir);
    return found;
}

/* Users other than root who share it may write in it. */
static bool is_for_group(const struct export_spec *spec, const struct owned *owned)
{
    return spec->squash != EXPORT_ALL_SQUASH && owned->gid != 0 && (owned->mode & S_IWGRP);
}

/* Those whom all, or root of clients, become may write nothing: the mount works, and the first
 * `touch` does not.  With an ACL only the kernel knows. */
static void look_at_squash(const struct export_spec *spec, const struct warning_taker *to)
{
    char user[USER_BYTES], note[NOTE_BYTES];
    struct stat st;
    struct owned owned;

    if (geteuid() != 0 || spec->squash == EXPORT_NO_ROOT_SQUASH || stat(spec->arg, &st) != 0)
        return;
    owned = (struct owned){st.st_uid, st.st_gid, st.st_mode};
    if (owned.uid != 0 || may_write(&owned, spec->anon_uid, spec->anon_gid) ||
        is_for_group(spec, &owned) || getxattr(spec->arg, "system.posix_acl_access", NULL, 0) > 0 ||
        has_others(spec->arg, spec))
        return;
    (void)snprintf(note, sizeof(note), "%s %s, who may not write in %.256s: that belongs to root",
                   spec->squash == EXPORT_ALL_SQUASH ? "all callers become"
                                                     : "root of clients becomes",
                   export_words_user(spec->anon_uid, user, sizeof(user)), spec->arg);
    warning_tell(to, "export.unwritable", spec->path, note,
                 "chown the directory to the user who is to write; or chmod 1777 it, like /tmp; or "
                 "no_root_squash, for clients whose root you trust; or ro");
}

/* systemd lets services write in few places only. */
static void look_at_rights(const struct export_spec *spec, const struct warning_taker *to)
{
    char user[USER_BYTES], note[NOTE_BYTES];

    if (file_system_is_read_only(spec->arg)) {
        (void)snprintf(note, sizeof(note), "%.256s is read-only to the server", spec->arg);
        warning_tell(to, "export.unwritable", spec->path, note,
                     "as a service: systemctl edit mainstayd, [Service], ReadWritePaths= with the "
                     "directory; else mount it for writing; or set the export ro");
    } else if (geteuid() != 0 && access(spec->arg, W_OK) != 0) {
        (void)snprintf(note, sizeof(note), "the server runs as %s, who may not write in %.256s",
                       export_words_user(geteuid(), user, sizeof(user)), spec->arg);
        warning_tell(to, "export.unwritable", spec->path, note,
                     "chown the directory to that user, or set the export ro");
    } else {
        look_at_squash(spec, to);
    }
}

static void look_at_file_system(const struct export_spec *spec, const struct warning_taker *to)
{
    const enum file_system_kind kind = file_system_of(spec->arg);
    const char *name = file_system_name(spec->arg);
    char note[NOTE_BYTES];

    if (kind == FILE_SYSTEM_REMOTE) {
        (void)snprintf(
            note, sizeof(note),
            "%.256s is itself a mount of another server (%s): when that does not answer, "
            "clients wait here, and it does not know what they lock",
            spec->arg, name);
        warning_tell(to, "export.remote", spec->path, note,
                     "export it on the server that has the files, and let clients mount that");
    } else if (kind == FILE_SYSTEM_LAYERS || kind == FILE_SYSTEM_FUSE) {
        (void)snprintf(note, sizeof(note),
                       "%.256s is on a file system (%s) whose files may lose their identity, so "
                       "that clients get ESTALE, most likely after it was mounted anew",
                       spec->arg, name);
        warning_tell(to, "export.unstable", spec->path, note,
                     "export a directory of a disk's file system; of a container, a volume");
    }
}

/* Others may change what another machine, FUSE or the layers of overlay hold, and nothing here
 * would tell; mem keeps everything anyway. */
static void look_at_attributes(const struct export_spec *spec, const struct warning_taker *to)
{
    const char *where = "mem";
    char note[NOTE_BYTES];

    if (spec->attributes == EXPORT_ATTRIBUTES_ASKED)
        return;
    if (is_local(spec)) {
        const enum file_system_kind kind = file_system_of(spec->arg);

        if (kind == FILE_SYSTEM_USUAL || kind == FILE_SYSTEM_MEMORY)
            return;
        where = file_system_name(spec->arg);
    }
    (void)snprintf(note, sizeof(note), "attribute_cache=%s has no effect on %s",
                   export_attributes_name(spec->attributes), where);
    warning_tell(to, "export.not_cached", spec->path, note,
                 "leave the option out; it works for a directory on ext4, XFS, btrfs or tmpfs");
}

/* Everybody may come, and be whoever it claims to be. */
static bool is_open(const struct export_spec *spec)
{
    return spec->client_count == 0 && spec->tls_peers.count == 0 &&
           export_security_weakest(&spec->security) != XPRTSEC_MTLS &&
           (export_security_has_flavor(&spec->security, SECURITY_SYS) ||
            export_security_has_flavor(&spec->security, SECURITY_NONE));
}

static void look_at_address(const struct export_spec *spec, const struct sockaddr_storage *found,
                            const struct warning_taker *to)
{
    char address[ADDRESS_TEXT_BYTES], note[NOTE_BYTES];
    char *port;

    (void)address_format((const struct sockaddr *)found, address, sizeof(address));
    port = strrchr(address, ':');
    if (port)
        *port = '\0'; /* of an interface, it has none */
    (void)snprintf(
        note, sizeof(note),
        "unless a firewall forbids it, everybody on the Internet may %s it: this machine "
        "has the public address %s, and AUTH_SYS proves nothing",
        spec->read_only ? "read" : "read and change", address);
    warning_tell(to, "export.public", spec->path, note,
                 "name its clients (client=192.0.2.0/24), or demand Kerberos (sec=krb5p) or "
                 "certificates (xprtsec=mtls); client=0.0.0.0/0 and client=::/0 say that it is "
                 "meant so");
}

static void look_at_directory(const struct export_spec *spec, const struct warning_taker *to)
{
    errand_place(spec->arg);
    look_at_user(spec, to);
    if (!spec->read_only)
        look_at_rights(spec, to);
    look_at_file_system(spec, to);
    look_at_attributes(spec, to);
    errand_place(NULL);
}

void export_warnings_find(const struct export_spec *spec, const struct listening_addresses *at,
                          const struct warning_taker *to)
{
    struct sockaddr_storage found;
    bool reached = false;

    if (is_local(spec))
        look_at_directory(spec, to);
    else
        look_at_attributes(spec, to);
    if (!is_open(spec))
        return;
    for (uint32_t i = 0; i < at->count && !reached; i++)
        reached = public_address_reaches((const struct sockaddr *)&at->of[i], &found);
    if (reached)
        look_at_address(spec, &found, to);
}
