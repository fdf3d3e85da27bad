/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/pki.h"

#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/directory.h"
#include "lib/test.h"

extern char **environ;

static void run(char *const *words)
{
    pid_t pid;
    int status;

    assert_int_equal(posix_spawnp(&pid, words[0], NULL, NULL, words, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

void pki_create(struct pki *pki)
{
    strcpy(pki->dir, "/tmp/mainstay-pki-XXXXXX");
    close(directory_make(pki->dir));
    run((char *const[]){PKI_SCRIPT, pki->dir, NULL});
}

void pki_destroy(struct pki *pki)
{
    assert_int_equal(directory_remove(pki->dir), 0);
}

char *pki_path(const struct pki *pki, const char *file, char *path)
{
    assert_true((size_t)snprintf(path, PKI_PATH_BYTES, "%s/%s", pki->dir, file) < PKI_PATH_BYTES);
    return path;
}

void pki_replace(const struct pki *pki, const char *name, const char *other)
{
    char to[PKI_PATH_BYTES], from[PKI_PATH_BYTES];

    run((char *const[]){"cp", pki_path(pki, other, from), pki_path(pki, name, to), NULL});
}
