/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A database of users of a test's own, for a program with this library in LD_PRELOAD: the files
 * that TEST_PASSWD and TEST_GROUP name, in the formats of passwd(5) and group(5).  They are read at
 * each question, and by any number of threads.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ENTRY_BYTES = 65536 /* the longest line, and the pointers to its words */
};

static FILE *open_named(const char *variable)
{
    const char *path = getenv(variable);

    return path ? fopen(path, "re") : NULL;
}

static int find_user(const char *name, uid_t uid, struct passwd *user, char *buffer, size_t size,
                     struct passwd **result)
{
    FILE *file = open_named("TEST_PASSWD");
    int err = file ? 0 : errno;

    *result = NULL;
    while (file && (err = fgetpwent_r(file, user, buffer, size, result)) == 0) {
        if (name ? strcmp(user->pw_name, name) == 0 : user->pw_uid == uid)
            break;
        *result = NULL;
    }
    if (file)
        (void)fclose(file);
    return err == ENOENT ? 0 : err;
}

static int find_group(const char *name, gid_t gid, struct group *group, char *buffer, size_t size,
                      struct group **result)
{
    FILE *file = open_named("TEST_GROUP");
    int err = file ? 0 : errno;

    *result = NULL;
    while (file && (err = fgetgrent_r(file, group, buffer, size, result)) == 0) {
        if (name ? strcmp(group->gr_name, name) == 0 : group->gr_gid == gid)
            break;
        *result = NULL;
    }
    if (file)
        (void)fclose(file);
    return err == ENOENT ? 0 : err;
}

int getpwnam_r(const char *name, struct passwd *user, char *buffer, size_t size,
               struct passwd **result)
{
    return find_user(name, 0, user, buffer, size, result);
}

int getpwuid_r(uid_t uid, struct passwd *user, char *buffer, size_t size, struct passwd **result)
{
    return find_user(NULL, uid, user, buffer, size, result);
}

int getgrnam_r(const char *name, struct group *group, char *buffer, size_t size,
               struct group **result)
{
    return find_group(name, 0, group, buffer, size, result);
}

int getgrgid_r(gid_t gid, struct group *group, char *buffer, size_t size, struct group **result)
{
    return find_group(NULL, gid, group, buffer, size, result);
}

static int has_member(const struct group *group, const char *user)
{
    for (char **member = group->gr_mem; *member; member++) {
        if (strcmp(*member, user) == 0)
            return 1;
    }
    return 0;
}

/* As glibc's: `gid` first; -1, and how many there are, if they have no room. */
int getgrouplist(const char *user, gid_t gid, gid_t *gids, int *count)
{
    char *buffer = malloc(ENTRY_BYTES);
    FILE *file = buffer ? open_named("TEST_GROUP") : NULL;
    struct group group, *found;
    int room = *count, n = 0;

    if (n++ < room)
        gids[0] = gid;
    while (file && fgetgrent_r(file, &group, buffer, ENTRY_BYTES, &found) == 0) {
        if (group.gr_gid != gid && has_member(&group, user) && n++ < room)
            gids[n - 1] = group.gr_gid;
    }
    if (file)
        (void)fclose(file);
    free(buffer);
    *count = n;
    return n > room ? -1 : n;
}
