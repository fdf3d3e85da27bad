/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An export in words for people: what it is, for whom, as whom its callers act, and how a client
 * mounts it.  Each function writes into `text`, cut to `size`, and returns it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "export/export.h"

/* "everybody", or "192.0.2.0/24, 2001:db8::7". */
const char *export_words_clients(const struct export_spec *spec, char *text, size_t size);

/* Whose the files are: "their callers; root of clients becomes nobody (uid 65534)".  `own` is the
 * user of the server, 0 for root. */
const char *export_words_users(const struct export_spec *spec, uid_t own, char *text, size_t size);

/* "AUTH_SYS from ports below 1024, without TLS". */
const char *export_words_security(const struct export_spec *spec, bool secure, bool tls, char *text,
                                  size_t size);

/* "mount -t nfs4 -o port=12049 HOST:/data /mnt", to be typed into a shell.  `host` is a name or an
 * address, an IPv6 address without brackets. */
const char *export_words_mount(const struct export_spec *spec, const char *host, uint16_t port,
                               char *text, size_t size);

/* "alice (uid 1000)", as /etc/passwd has it: a directory service could keep the start waiting. */
const char *export_words_user(uid_t uid, char *text, size_t size);
