/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/image.h"

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    IMAGES_MAX = 4,
    IMAGE_BYTES = 512 << 20 /* sparse; XFS wants 300 MB at least */
};

static char dirs[IMAGES_MAX][64];
static unsigned dir_count;

static bool run(const char *program, const char *const *argv)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

        (void)dup2(fd, 1);
        (void)dup2(fd, 2);
        (void)setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
        (void)execvp(program, (char *const *)argv);
        _exit(127);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static bool make_image(const char *path, const char *type)
{
    char program[32];
    const char *mkfs[] = {program, "-q", path, NULL};
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool sized = fd >= 0 && ftruncate(fd, IMAGE_BYTES) == 0;

    (void)snprintf(program, sizeof(program), "mkfs.%s", type);
    if (fd >= 0)
        close(fd);
    return sized && run(program, mkfs);
}

/* The kernel frees the loop device with the mount, and the mount with the last process of the name
 * space. */
static bool mount_image(const char *path, const char *type, const char *dir)
{
    const char *argv[] = {"mount", "-t", type, "-o", "loop", path, dir, NULL};

    return unshare(CLONE_NEWNS) == 0 && mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           run("mount", argv);
}

static void leave(void)
{
    while (dir_count > 0) {
        const char *dir = dirs[--dir_count];

        (void)umount2(dir, MNT_DETACH);
        (void)rmdir(dir);
    }
}

const char *image_mount(const char *type)
{
    char *dir = dirs[dir_count], image[sizeof(dirs[0]) + 8];
    bool mounted;

    (void)snprintf(dir, sizeof(dirs[0]), "/tmp/mainstay-image-XXXXXX");
    if (geteuid() != 0 || dir_count == IMAGES_MAX || !mkdtemp(dir))
        return NULL;
    if (dir_count++ == 0)
        (void)atexit(leave);
    (void)snprintf(image, sizeof(image), "%s.img", dir);
    mounted = make_image(image, type) && mount_image(image, type, dir);
    (void)unlink(image);
    return mounted && chmod(dir, 01777) == 0 ? dir : NULL;
}
