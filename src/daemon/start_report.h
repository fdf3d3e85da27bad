/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report of a start: what whoever started the server should know, who may do it for the first
 * time.  For the main thread, which waits for exported file systems as long as a request does.
 */
#pragma once

#include "admin/config/config.h"

struct exports;
struct transport;

struct start_report {
    const struct config *config;
    const struct transport *transport; /* that listens ... */
    uint32_t listeners;                /* ... at so many addresses */
    bool given;                        /* whose sockets are a service manager's */
    uint32_t connections;              /* that it has descriptors for */
};

/* Warnings, then what is served, to whom, and how it is mounted. */
void start_report_make(const struct start_report *report, struct exports *exports,
                       struct settings *settings);

/* For --check: the warnings, as far as the configuration alone tells. */
void start_report_check(const struct start_report *report);
