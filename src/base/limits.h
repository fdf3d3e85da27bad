/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every bound of the server, by name.  Reaching one is an NFS or RPC error and never a crash or
 * an unbounded allocation.  Grouped by the folder that enforces it.
 */
#pragma once

/* base */
#define LIMIT_ARENA_BYTES (8u << 20)     /* one request's scratch memory */
#define LIMIT_MEMORY_MIB 16777216u       /* that the budget can be set to */
#define LIMIT_COUNTER_LANES 512u         /* threads that count without sharing a cache line */
#define LIMIT_LOG_QUEUE_BYTES (1u << 20) /* of lines that are not written yet, unless --log-queue */
#define LIMIT_LOG_QUEUE_LINES 16384u
#define LIMIT_LOG_LINES_PER_S 100u /* of one event, if it has no limit of its own */

/* daemon */
#define LIMIT_FIGURES_SESSIONS 256u /* told one by one in the log */
#define LIMIT_FIGURES_CLIENTS 256u  /* the same */

/* wire, transport */
#define LIMIT_RPC_RECORD_BYTES ((1u << 20) + 4096u) /* a whole call, fragments joined */
#define LIMIT_RPC_FRAGMENTS 2048u                   /* of one record, empty ones too */
#define LIMIT_RPC_AUTH_BYTES 400u                   /* opaque_auth body, RFC 5531 §8.2 */
#define LIMIT_RPC_AUTH_SYS_GIDS 16u                 /* RFC 5531 appendix A */
#define LIMIT_RPC_MACHINE_NAME_BYTES 255u
#define LIMIT_WIRE_OPAQUE_BYTES LIMIT_RPC_RECORD_BYTES /* opaques without a bound of their own */
#define LIMIT_WIRE_ARRAY 4096u                         /* arrays without a bound of their own */
#define LIMIT_CONNECTIONS 65536u
#define LIMIT_DIALLED_CONNECTIONS 16384u /* of these, made by us */
#define LIMIT_DESCRIPTORS 524288u        /* of the process, unless mainstayd --descriptors */
#define LIMIT_WORKER_THREADS 512u        /* grown by blocked work, never beyond */
#define LIMIT_PARKED_CALLS 4096u         /* that wait without a thread */
#define LIMIT_PARKED_CALLS_PER_CONNECTION 512u
#define LIMIT_PARKED_BYTES (64u << 20)         /* of their requests, and of replies begun */
#define LIMIT_FREE_FRAMES 1024u                /* for calls that lose their loop, or are parked */
#define LIMIT_SEND_QUEUE_BYTES (8u << 20)      /* per connection; callbacks are refused above it */
#define LIMIT_SEND_QUEUE_MARK_BYTES (1u << 20) /* above: its calls wait */
#define LIMIT_LISTENERS 16u
#define LIMIT_LOOPS 64u
#define LIMIT_RPC_PROGRAMS 8u
#define LIMIT_SLICE_US 1000u   /* that a connection has a loop before the next one */
#define LIMIT_SLICE_WORK 16u   /* steps between two looks at the clock, at the most */
#define LIMIT_SLICE_PAGE 4096u /* bytes of a request or a reply that count as a step */
#define LIMIT_CONNECTIONS_PER_ADDRESS 16384u   /* accepted from an IPv4 address, or an IPv6 /64 */
#define LIMIT_HALF_RECORD_BYTES (256ull << 20) /* of records that are not complete, unless set */
#define LIMIT_UNSENT_BYTES (256ull << 20)      /* of replies that sockets do not take, unless set */
#define LIMIT_RECORD_S 30u                     /* for a record to arrive, unless set; and ... */
#define LIMIT_RECORD_RATE_BYTES (16u << 10)    /* ... a second more for each of these */
#define LIMIT_SEND_S 60u                       /* without a byte taken by the socket, unless set */
#define LIMIT_IDLE_CONNECTION_S 60u            /* that serves no client, unless set */
#define LIMIT_TRANSPORT_TIMEOUT_S 86400u       /* that each of these can be set to */
#define LIMIT_TRANSPORT_MIB 65536u             /* the same, of the memory */
#define LIMIT_LOG_CUTS_PER_S 10u               /* lines about connections that were closed for it */

/* proto */
#define LIMIT_READ_BYTES (1u << 20)  /* maxread */
#define LIMIT_WRITE_BYTES (1u << 20) /* maxwrite */
#define LIMIT_COMPOUND_OPS 64u       /* ca_maxoperations we grant at the most */
#define LIMIT_COMPOUND_TAG_BYTES 1024u
#define LIMIT_REQUEST_BYTES LIMIT_RPC_RECORD_BYTES /* ca_maxrequestsize */
#define LIMIT_REPLY_BYTES ((1u << 20) + 4096u)     /* ca_maxresponsesize */
#define LIMIT_REPLY_CACHED_BYTES 8192u             /* ca_maxresponsesize_cached */
#define LIMIT_READDIR_BYTES (256u << 10)
#define LIMIT_BITMAP_WORDS 3u       /* attribute numbers 0..95; higher ones are only noticed */
#define LIMIT_BITMAP_WIRE_WORDS 64u /* what a client may send before it is BADXDR */
#define LIMIT_NAME_BYTES 255u
#define LIMIT_SYMLINK_BYTES 4095u
#define LIMIT_FH_BYTES 128u /* NFS4_FHSIZE */
#define LIMIT_OWNER_STRING_BYTES 1024u
#define LIMIT_LOG_REFUSALS_PER_S 100u /* lines about refused requests; more are counted only */
#define LIMIT_LOG_EXPORTS_PER_S 20u   /* about peers and users that an export refuses */
#define LIMIT_LOG_REPLAYS_PER_S 100u  /* and about retries */
#define LIMIT_COMPOUND_CHANGES 8u     /* objects that wait to be durable until its end */

/* proto/v40 */
#define LIMIT_DUPLICATE_BYTES (128u << 20)      /* kept for retries of 4.0, in all */
#define LIMIT_DUPLICATE_CLIENT_BYTES (4u << 20) /* and for one address */
#define LIMIT_DUPLICATE_REPLY_BYTES (64u << 10) /* of one request that is kept */
#define LIMIT_DUPLICATE_AGE_S 120               /* for which a kept reply was not retried */
#define LIMIT_DUPLICATE_WAITERS 64u             /* retries whose request still runs */
#define LIMIT_DUPLICATE_CLIENT_WAITERS 16u      /* the same, of one address */
#define LIMIT_DUPLICATE_WAIT_S 20               /* that each of them waits at the most */

/* callback */
#define LIMIT_CALLBACK_OPS 16u            /* of one CB_COMPOUND */
#define LIMIT_CALLBACK_CALL_BYTES 4096u   /* one CALL to a 4.0 client */
#define LIMIT_CALLBACK_PATHS 16384u       /* 4.0 clients that can be called back */
#define LIMIT_CALLBACK_CALLS_PER_PATH 64u /* not answered yet; more are refused */
#define LIMIT_BACK_QUEUE 4096u            /* calls of one session that wait for a slot */
#define LIMIT_DIALS_PER_S 256u            /* attempts to reach 4.0 clients, all together */
#define LIMIT_LOG_CALLBACKS_PER_S 100u    /* lines about paths that went up or down */

/* state */
#define LIMIT_LEASE_S 3600u
#define LIMIT_CLIENTS 65536u
#define LIMIT_RECOVERY_RECORDS 131072u /* LIMIT_CLIENTS of the former life and as many new ones */
#define LIMIT_COURTESY_S 86400u        /* for which a silent client keeps its state */
#define LIMIT_COURTESY_IDLE_S 3600u    /* and its sessions, when it has no state */
#define LIMIT_CLIENT_OWNER_BYTES 1024u /* NFS4_OPAQUE_LIMIT */
#define LIMIT_CLIENT_IMPL_BYTES 256u   /* kept of each string of eia_client_impl_id */
#define LIMIT_CALLBACK_NETID_BYTES 15u /* of a 4.0 client's callback; longer ones name nothing */
#define LIMIT_CALLBACK_ADDR_BYTES 63u
#define LIMIT_SESSIONS 65536u
#define LIMIT_SESSIONS_PER_CLIENT 64u
#define LIMIT_SESSION_CONNECTIONS 64u
#define LIMIT_SLOTS 1024u       /* of one session */
#define LIMIT_SLOTS_DEFAULT 64u /* granted at CREATE_SESSION, unless mainstayd --slots */
#define LIMIT_BACK_SLOTS 16u
#define LIMIT_SLOT_RECALLS_PER_TICK 64u       /* sessions asked to leave slots */
#define LIMIT_REPLY_BUDGET_BYTES (1ull << 30) /* all slots might keep, unless --reply-cache */
#define LIMIT_OPENS_PER_CLIENT 262144u
#define LIMIT_LOCK_STATES_PER_CLIENT 262144u /* pairs of an open and a lock owner */
#define LIMIT_IDLE_OWNERS_PER_CLIENT 64u     /* kept although they hold nothing */
/* 4.0: open owners with their sequences, for a lease or as long as there are no more than that */
#define LIMIT_IDLE_SEQUENCES_PER_CLIENT 1024u
#define LIMIT_IDLE_SEQUENCES 262144u /* of all clients; above it each keeps the smaller number */
#define LIMIT_OWNER_WAITERS 4u       /* 4.0: duplicates that wait for a request of an owner */
#define LIMIT_OWNERS_WAITERS 64u     /* the same, of all owners */
#define LIMIT_OWNER_REPLY_BYTES                                                                    \
    1056u /* 4.0: kept of an owner's last result; LOCK denied is longest */
#define LIMIT_LOCKS_PER_FILE 1048576u
#define LIMIT_LOCKS_PER_CLIENT 1048576u
#define LIMIT_LOCK_DROP_BATCH 512u        /* locks dropped while the file's lock is held */
#define LIMIT_OPEN_REVOKE_BATCH 512u      /* opens of a client, the same */
#define LIMIT_LOCK_SEARCH 1024u           /* locks of expired clients that a LOCK looks past */
#define LIMIT_LOCK_WAITERS_PER_FILE 1024u /* in its queue; others just ask again */
#define LIMIT_LOCK_WAITERS_PER_CLIENT 4096u
#define LIMIT_LOCK_NOTICES_PER_FILE 64u /* waiters that were notified and have not come yet */
#define LIMIT_LOCK_NOTICE_ROUNDS 4u     /* until a waiter for a free range can be notified */
#define LIMIT_LOCK_FILES_PER_TICK 256u  /* of those with waiters, that the timer looks at */
#define LIMIT_COURTESY_CLIENTS 16u      /* expired clients that lose state to a request at a time */
#define LIMIT_COURTESY_TURNS 64u        /* times that a request does that before it is DELAY */
#define LIMIT_DELEGATIONS 524288u       /* of all clients */
#define LIMIT_DELEGATIONS_PER_CLIENT 65536u /* with those that were revoked */
#define LIMIT_DELEGATIONS_PER_FILE 4096u
#define LIMIT_RECALL_ANY_CLIENTS 256u        /* asked to return some at a time */
#define LIMIT_PRESSED_RECALLS_PER_TICK 1024u /* recalled from clients that do not return enough */
#define LIMIT_DELEGATION_SIGNALS 1024u       /* clients that want to know when there is room */
#define LIMIT_SIGNALS_PER_TICK 64u
#define LIMIT_LOG_REPLACED_PER_S 20u     /* lines about clients replaced from other addresses */
#define LIMIT_LOG_DELEGATIONS_PER_S 100u /* lines about slow recalls and revocations */
#define LIMIT_STATEID_CHUNKS 64u         /* of one shard: 4096 stateids each, 2^24 in all */
#define LIMIT_RECOVERY_WAITERS 128u      /* threads that wait until a client's record is written */
#define LIMIT_RECOVERY_LEAVERS 256u      /* these, and those that wait until one is deleted */
#define LIMIT_CLIENTS_PER_ADDRESS 16384u /* an IPv4 address, or an IPv6 /64 */
#define LIMIT_OWNERS_PER_CLIENT 65536u   /* that open, and as many that lock */
/* Of all clients together, unless set otherwise; and what each can be set to. */
#define LIMIT_OWNERS 1048576u
#define LIMIT_OPENS 1048576u
#define LIMIT_LOCK_STATES 1048576u
#define LIMIT_LOCKS 4194304u
#define LIMIT_LOCK_WAITERS 65536u
/* Limits from here on keep a last quarter for clients that have less than one in so many. */
#define LIMIT_SHARED 65536u
#define LIMIT_SHARES 1024u
#define LIMIT_STATE 16777216u

/* export, vfs, backends */
#define LIMIT_EXPORTS 256u
#define LIMIT_EXPORT_CLIENTS 64u /* client= rules of one export */
#define LIMIT_PATH_BYTES 4096u
#define LIMIT_PATH_DEPTH 64u
#define LIMIT_ACL_ACES 256u               /* of an ACL that a client sets */
#define LIMIT_NAMED_ATTRS 1024u           /* of one object in mem */
#define LIMIT_LOCAL_DESCRIPTORS 262144u   /* held by one local directory */
#define LIMIT_LOCAL_OBJECTS 65536u        /* cached by one local directory */
#define LIMIT_LOCAL_DEPTH 16384u          /* directories below its root */
#define LIMIT_LOCAL_SEARCH_ENTRIES 65536u /* looked through for an entry renamed behind our back */
#define LIMIT_LOCAL_ANCESTRY 1024u        /* directories whose parent is remembered */
#define LIMIT_LOCAL_MAP_PENDING (64u << 10) /* places noted and not yet in SQLite */
#define LIMIT_LOCAL_NAMES_WAITERS 32u       /* threads that wait to change a directory */
