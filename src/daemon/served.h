/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server serves at one moment: a copy of its exports, to be looked at without their lock.
 */
#pragma once

#include "admin/config/config.h"

struct exports;

struct served_export {
    struct export_spec spec;
    bool secure; /* ports below 1024 only, of those who prove nothing */
};

struct served {
    uint32_t count;
    struct served_export *exports;
};

/* Those of the command line, of the file, and those stored that can be served. */
void served_init(struct served *served, struct exports *exports);

/* Those that a configuration names, whose ports are not known. */
void served_init_configured(struct served *served, const struct config *config);

void served_copy(struct served *to, const struct served *from);

void served_fini(struct served *served);
