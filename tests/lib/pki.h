/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates of a test program, good and bad, in a directory of its own below /tmp.  The script
 * tests/lib/pki makes them, and says which there are.
 */
#pragma once

#define PKI_PATH_BYTES 96u

struct pki {
    char dir[64];
};

/* Make the directory.  Fails the test if it cannot. */
void pki_create(struct pki *pki);
void pki_destroy(struct pki *pki);

/* The path of "client1.pem" or the like, in `path` of PKI_PATH_BYTES.  Returns `path`. */
char *pki_path(const struct pki *pki, const char *file, char *path);

/* Let the file `name` have the content of `other` now. */
void pki_replace(const struct pki *pki, const char *name, const char *other);
