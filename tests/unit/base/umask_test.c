/* SPDX-License-Identifier: Apache-2.0 */
/* The umask of a thread is its own, also that of one that another thread starts while it has a
 * client's. */
#include "base/umask.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/test.h"

/* The mode that a new file gets which is to have 0666. */
static uint32_t mode_made(void)
{
    char name[] = "/tmp/mainstay-umask-XXXXXX";
    struct stat st;
    int fd = mkstemp(name);

    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(unlink(name), 0);
    fd = open(name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    close(fd);
    assert_int_equal(unlink(name), 0);
    return st.st_mode & 07777;
}

static void run(void *(*body)(void *))
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, body, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void *started_meanwhile(void *arg)
{
    assert_true(umask_own());
    assert_int_equal(mode_made(), 0666);
    umask_begin(0022);
    assert_int_equal(mode_made(), 0644);
    umask_end();
    return arg;
}

static void *starts_another(void *arg)
{
    if (!umask_own())
        return arg;
    assert_int_equal(mode_made(), 0666);
    umask_begin(0666);
    run(started_meanwhile);
    assert_int_equal(mode_made(), 0);
    umask_end();
    assert_true(umask_own());
    assert_int_equal(mode_made(), 0666);
    return arg;
}

static void of_each_thread(void **state)
{
    const mode_t before = umask(0027);

    (void)state;
    run(starts_another);
    assert_int_equal(mode_made(), 0640); /* here nobody asked for another one */
    (void)umask(before);
    if (!umask_own())
        test_skip("the system gives a thread no umask of its own (seccomp)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(of_each_thread)};

    return test_group_run(tests);
}
