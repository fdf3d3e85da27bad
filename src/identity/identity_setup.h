/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a configuration says of identities, with its map file: read and checked as a whole, before
 * any of it takes effect.
 */
#pragma once

#include <stdint.h>
#include <sys/stat.h>

#include "base/check.h"
#include "identity/identity_map.h"

/* What the principal of a machine is (host/NAME, nfs/NAME, root/NAME) that has no line in the map
 * file. */
enum identity_machine {
    IDENTITY_MACHINE_ROOT,   /* root, if it is of one of `realms`; else nobody */
    IDENTITY_MACHINE_NOBODY, /* nobody */
    IDENTITY_MACHINE_MAP,    /* what libnfsidmap makes of it */
};

/* How owners and groups of files are shown to clients with Kerberos.  Others get numbers. */
enum identity_owners {
    IDENTITY_OWNERS_NAMES,   /* NAME@DOMAIN */
    IDENTITY_OWNERS_NUMBERS, /* numbers, for clients whose machines have no accounts */
};

enum {
    IDENTITY_DOMAIN_BYTES = 256,
    IDENTITY_REALMS_MAX = 8
};

struct identity_source;

struct identity_config {
    const char *map;    /* a file; NULL: none */
    const char *domain; /* of owners; NULL: libnfsidmap's, else that of the host */
    const char *realms[IDENTITY_REALMS_MAX]; /* of which machines are root; the rest NULL */
    enum identity_machine machine;
    uint32_t ttl_s;
    const struct identity_source *source; /* NULL: libnfsidmap and NSS; tests have their own */
};

struct identity_setup {
    char *map_path;       /* NULL: there is no map file */
    struct stat map_stat; /* of the file that was read last */
    struct identity_map *map;
    struct identity *domain; /* its name; NULL: ask */
    char *realms[IDENTITY_REALMS_MAX];
    enum identity_machine machine;
    uint32_t ttl_s;
};

/* Copies the strings, and reads the map file: NULL, and why in `error`.  May block. */
struct identity_setup *identity_setup_create(const struct identity_config *config,
                                             char error[IDENTITY_MAP_ERROR_BYTES]) MUST_USE;

/* NULL is allowed. */
void identity_setup_destroy(struct identity_setup *setup);

/* Of the file at `path`; a size of -1 if there is none. */
struct stat identity_setup_stat(const char *path);
