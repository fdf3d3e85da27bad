/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Kerberos realm, a server with its keytab, and contexts of alice and bob of that realm.  The
 * clients of script.h are there, too, with AUTH_SYS.
 */
#pragma once

#include "client/client_call.h"
#include "client/client_gss.h"
#include "client/client_security.h"
#include "lib/realm.h"
#include "script.h"

extern struct test_realm gss_realm;

/* Group setup and teardown: the exports are /mem and /local, for all users and flavors. */
int gss_setup(void **state);
int gss_setup_with(const char *const *realm_options);
int gss_teardown(void **state);

/* Start the server again, which is not running. */
bool gss_server_start(void);

/* Where tickets of that user ("alice") for the server come from. */
struct client_gss_wish gss_wish(const char *user);

/* A connection with a new context of that user, for calls of this service. */
struct client_gss *gss_connect(struct client_conn *conn, const char *user, uint32_t service);

/* A NULL call over the connection. */
void gss_send_null(struct client_conn *conn, uint32_t *xid);
void gss_expect_null(struct client_conn *conn);

/* The same; it is refused for that reason. */
#define gss_expect_denied(conn, stat) gss_denied(conn, stat, __FILE__, __LINE__)
void gss_denied(struct client_conn *conn, enum auth_stat stat, const char *file, int line);

/* A call of that program, version and procedure is accepted with that error, whose verifier is
 * right. */
#define gss_expect_error(conn, program, version, procedure, stat)                                  \
    gss_error(conn, program, version, procedure, stat, __FILE__, __LINE__)
void gss_error(struct client_conn *conn, uint32_t program, uint32_t version, uint32_t procedure,
               enum rpc_accept_stat stat, const char *file, int line);

/* The session of gss_mount(): without a back channel. */
struct client_session_wish gss_session_wish(uint32_t minor);

/* A mount of that user; the same with a session as wished. */
void gss_mount(struct client_mount *mount, const char *user, enum client_sec sec, uint32_t minor);
void gss_mount_as(struct client_mount *mount, const char *user, enum client_sec sec,
                  const struct client_session_wish *wish);

/* A file as large as a call can carry, in both directions; it is removed. */
void gss_write_and_read(struct client_mount *mount, const struct client_fh *dir, uint32_t seed);

/* The same with the context of another connection. */
void gss_mount_with(struct client_mount *mount, struct client_gss *gss, enum client_sec sec);
