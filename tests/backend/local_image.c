/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/local_image.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/local_fixture.h"

enum {
    IMAGE_BYTES = 512 << 20 /* sparse; XFS wants 300 MB at least */
};

static char dir[64];

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

/* The kernel frees the loop device with the mount, and the mount with this process's name space. */
static bool mount_image(const char *path, const char *type)
{
    const char *argv[] = {"mount", "-t", type, "-o", "loop", path, dir, NULL};

    return unshare(CLONE_NEWNS) == 0 && mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           run("mount", argv);
}

static void leave(void)
{
    (void)umount2(dir, MNT_DETACH);
    (void)rmdir(dir);
}

const char *local_image_mount(const char *type)
{
    char image[sizeof(dir) + 8];
    bool mounted;

    (void)snprintf(dir, sizeof(dir), "/tmp/mainstay-image-XXXXXX");
    if (geteuid() != 0 || !mkdtemp(dir))
        return NULL;
    (void)snprintf(image, sizeof(image), "%s.img", dir);
    mounted = make_image(image, type) && mount_image(image, type);
    (void)unlink(image);
    (void)atexit(leave);
    return mounted && chmod(dir, 01777) == 0 ? dir : NULL;
}

int local_image_contract_main(const char *type, int argc, char **argv)
{
    char name[32];

    local_setting.parent = local_image_mount(type);
    if (!local_setting.parent) {
        printf("skipped: cannot mount an image of %s here\n", type);
        return TEST_EXIT_SKIPPED;
    }
    local_setting.clones = true;
    (void)snprintf(name, sizeof(name), "local_%s", type);
    return local_contract_main(name, argc, argv);
}
