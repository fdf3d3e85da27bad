/* SPDX-License-Identifier: Apache-2.0 */
/* Exports that no client can use, because the server lacks what they demand: a keytab for their
 * flavors (sec=), certificates for their connections (xprtsec=). */
#pragma once

struct config;
struct gss_credential;

/* Warn of those of the command line and the configuration file.  NULL: take the keytab that
 * `config` names.  May wait for the keytab's file system. */
void export_reach_tell(const struct config *config, struct gss_credential *credential);
