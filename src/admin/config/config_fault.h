/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a configuration file, collected so that one run reports all of it.  Each fault
 * has the line where it stands; its text is fit for a terminal, whatever the file has in it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

struct config_fault {
    uint32_t line; /* from 1; 0: the file as a whole */
    char *text;    /* what is wrong, and what would be right */
};

struct config_faults {
    uint32_t count; /* of those that were found */
    uint32_t kept;  /* of those that are here, LIMIT_CONFIG_FAULTS at the most */
    struct config_fault of[LIMIT_CONFIG_FAULTS];
};

/* Note one more; it is counted even when there is no room for it. */
void config_faults_add(struct config_faults *faults, uint32_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* In the order of their lines. */
void config_faults_sort(struct config_faults *faults);

void config_faults_fini(struct config_faults *faults);
