/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/gate.h"

#include <fcntl.h>
#include <unistd.h>

#include "lib/test.h"

static char shut_path[128], met_path[128];

static void env_append(const char *name, const char *separator, const char *value)
{
    const char *old = getenv(name);
    char text[4096];

    (void)snprintf(text, sizeof(text), "%s%s%s", old ? old : "", old ? separator : "", value);
    assert_int_equal(setenv(name, text, 1), 0);
}

void gate_install(const char *dir, const char *gated)
{
    (void)snprintf(shut_path, sizeof(shut_path), "%s/gate", dir);
    (void)snprintf(met_path, sizeof(met_path), "%s/gate.met", dir);
    assert_int_equal(setenv("MAINSTAY_GATE", shut_path, 1), 0);
    assert_int_equal(setenv("MAINSTAY_GATED", gated, 1), 0);
    env_append("LD_PRELOAD", ":", GATE_LIBRARY);
    /* The library has no calls that ASan would have to see. */
    env_append("ASAN_OPTIONS", ":", "verify_asan_link_order=0");
}

void gate_shut(void)
{
    int fd;

    (void)unlink(met_path);
    fd = open(shut_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

void gate_open(void)
{
    (void)unlink(shut_path);
}

bool gate_is_met(void)
{
    return access(met_path, F_OK) == 0;
}
