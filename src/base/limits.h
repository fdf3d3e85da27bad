/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All bounds of the server, by name.  Exceeding one results in an NFS or RPC error, never in a
 * crash or an unbounded allocation.  Grouped by the folder that enforces them.
 */
#pragma once

/* base */
#define LIMIT_ARENA_BYTES (8u << 20)     /* one request's scratch memory */
#define LIMIT_MEMORY_MIB 16777216u       /* largest budget that can be set */
#define LIMIT_COUNTER_LANES 512u         /* threads that count without sharing a cache line */
#define LIMIT_LOG_QUEUE_BYTES (1u << 20) /* unwritten lines, unless --log-queue */
#define LIMIT_LOG_QUEUE_LINES 16384u
#define LIMIT_LOG_LINE_BYTES 4096u /* of one line, with its end; longer fields are cut */
#define LIMIT_LOG_LINES_PER_S 100u /* per event, unless it has a limit of its own */

/* admin/config */
#define LIMIT_CONFIG_BYTES (1u << 20) /* of a configuration file */
#define LIMIT_CONFIG_NODES 65536u     /* keys and values in it */
#define LIMIT_CONFIG_ENTRIES 1024u    /* items of a list; keys and values of a map */
#define LIMIT_CONFIG_DEPTH 8u         /* of lists and maps in each other */
#define LIMIT_CONFIG_FAULTS 100u      /* that are told; more are counted */

/* base */
#define LIMIT_ERRANDS 8u       /* threads that wait for file systems, for requests and SIGHUP */
#define LIMIT_ERRAND_S 5u      /* that one is waited for although it begins nothing new */
#define LIMIT_ERRAND_ALL_S 45u /* that one is waited for in any case; the CLI waits for 60 */
#define LIMIT_ERRANDS_END_S 1u /* LIMIT_ERRAND_S for those that change nothing, at the end */
#define LIMIT_ERRANDS_END_ALL_S 30u /* that the end of the server waits for all in any case */

/* admin */
#define LIMIT_ADMIN_READS 4u  /* of LIMIT_ERRANDS, at the most, for requests that only read */
#define LIMIT_ADMIN_WRITES 6u /* the same, with those that change something */
#define LIMIT_ADMIN_LISTENERS 4u
#define LIMIT_ADMIN_CONNECTIONS 32u              /* of each listener */
#define LIMIT_ADMIN_CONNECTIONS_PER_ADDRESS 16u  /* of these; over the socket all are one */
#define LIMIT_ADMIN_CONNECTIONS_EASY 24u         /* with more, idle ones have ... */
#define LIMIT_ADMIN_IDLE_S 1u                    /* ... so long for the header of a request */
#define LIMIT_ADMIN_HEADER_BYTES (16u << 10)     /* request line and header of a request */
#define LIMIT_ADMIN_CONNECTION_BYTES (64u << 10) /* that, parsed, even if it is somewhat too long */
#define LIMIT_ADMIN_BODY_BYTES (64u << 10)       /* of a request */
#define LIMIT_ADMIN_REPLY_BYTES (16u << 20)      /* of a reply */
#define LIMIT_ADMIN_REQUEST_S 10u                /* from the connection to the end of the reply */
#define LIMIT_ADMIN_PAGE 10000u                  /* items of a list in a reply */
#define LIMIT_ADMIN_PAGE_USUAL 1000u
#define LIMIT_ADMIN_STREAM_S 60u             /* that the reader of a stream may read nothing */
#define LIMIT_EVENT_READERS 8u               /* of the events of the log */
#define LIMIT_EVENT_FEED_BYTES (1u << 20)    /* lines that they have not read, of all together */
#define LIMIT_ADMIN_MEMORY_BYTES (64u << 20) /* of requests and replies, beside the budget */
#define LIMIT_ADMIN_TOKENS 16u
#define LIMIT_ADMIN_TOKEN_BYTES_MIN 20u
#define LIMIT_ADMIN_TOKEN_BYTES 256u
#define LIMIT_ADMIN_TOKEN_FILE_BYTES 16384
#define LIMIT_DRAIN_S 86400u          /* that a server waits for its connections to close */
#define LIMIT_ADMIN_DELAY_S 20u       /* that NFS4ERR_DELAY tells why a client waits */
#define LIMIT_ADMIN_WAITS 16u         /* of locks that are told of a client */
#define LIMIT_ADMIN_AWAITED 100u      /* clients that are named which may still reclaim */
#define LIMIT_ADMIN_STUCK_S 5u        /* that the timer may be silent and the server healthy */
#define LIMIT_METRICS_SESSIONS 10000u /* told one by one at most; of the rest the sum */
#define LIMIT_METRICS_SESSIONS_USUAL 1000u
#define LIMIT_LOG_ADMIN_REFUSALS_PER_S 10u /* lines about requests that were refused */

/* cli */
#define LIMIT_CLI_REPLY_BYTES (64u << 20)   /* of a reply of the admin endpoint */
#define LIMIT_CLI_ITEMS 16777216u           /* of a list, over all its pages */
#define LIMIT_CLI_PAGES 1048576u            /* of it; pages may be empty */
#define LIMIT_TOP_ITEMS 10000u              /* of a list that `mainstay top` reads */
#define LIMIT_TOP_WAITS 32u                 /* clients that it asks what they wait for */
#define LIMIT_EXPORTS_FILE_BYTES (1u << 20) /* of a file in the format of exports(5) */
#define LIMIT_EXPORTS_FILE_REMARKS 10000u   /* that are told; more are counted */
#define LIMIT_EXPORTS_FILE_ADDRESSES 16u    /* of one name of a host */

/* daemon */
#define LIMIT_STATS_SESSIONS 256u /* logged individually */
#define LIMIT_STATS_CLIENTS 256u  /* logged individually */

/* wire, transport */
#define LIMIT_RPC_RECORD_BYTES ((1u << 20) + 4096u) /* a whole call, fragments joined */
#define LIMIT_RPC_FRAGMENTS 2048u                   /* per record, including empty ones */
#define LIMIT_RPC_AUTH_BYTES 400u                   /* opaque_auth body, RFC 5531 §8.2 */
#define LIMIT_RPC_AUTH_SYS_GIDS 16u                 /* RFC 5531 appendix A */
#define LIMIT_RPC_MACHINE_NAME_BYTES 255u
#define LIMIT_WIRE_OPAQUE_BYTES LIMIT_RPC_RECORD_BYTES   /* opaques without a limit of their own */
#define LIMIT_WIRE_ARRAY 4096u                           /* arrays without a limit of their own */
#define LIMIT_WIRE_ACES (LIMIT_RPC_RECORD_BYTES / 16)    /* of an ACL that no one can keep */
#define LIMIT_WIRE_XATTR_NAMES (LIMIT_READDIR_BYTES / 8) /* in one result of LISTXATTRS */
#define LIMIT_CONNECTIONS 65536u
#define LIMIT_DIALLED_CONNECTIONS 16384u /* outgoing ones of these */
#define LIMIT_DESCRIPTORS 524288u        /* of the process, unless mainstayd --descriptors */
#define LIMIT_WORKER_THREADS 512u        /* created as threads block */
#define LIMIT_PARKED_CALLS 4096u         /* waiting without a thread */
#define LIMIT_PARKED_CALLS_PER_CONNECTION 512u
#define LIMIT_PARKED_BYTES (64u << 20)         /* of their requests and partial replies */
#define LIMIT_FREE_FRAMES 1024u                /* for calls that lost their loop or are parked */
#define LIMIT_SEND_QUEUE_BYTES (8u << 20)      /* per connection; callbacks are refused above */
#define LIMIT_SEND_QUEUE_MARK_BYTES (1u << 20) /* its calls wait above this */
#define LIMIT_TAIL_PAUSE_S 10u /* that READ copies, after a file shrank while it was sent */
#define LIMIT_LISTENERS 16u
#define LIMIT_LOOPS 64u
#define LIMIT_LOOP_STUCK_S 5u /* without a turn, when one was asked for */
#define LIMIT_RPC_PROGRAMS 8u
#define LIMIT_SLICE_US 1000u                   /* time that a connection has a loop per turn */
#define LIMIT_SLICE_WORK 16u                   /* most steps between two readings of the clock */
#define LIMIT_SLICE_PAGE 4096u                 /* bytes of a request or reply per step */
#define LIMIT_CONNECTIONS_PER_ADDRESS 16384u   /* accepted from an IPv4 address or IPv6 /64 */
#define LIMIT_HALF_RECORD_BYTES (256ull << 20) /* default */
#define LIMIT_UNSENT_BYTES (256ull << 20)      /* default */
#define LIMIT_RECORD_S 30u                     /* default time for a record to arrive; plus ... */
#define LIMIT_RECORD_RATE_BYTES (16u << 10)    /* ...  one second for each of these */
#define LIMIT_SEND_S 60u                       /* default time without progress */
#define LIMIT_IDLE_CONNECTION_S 60u            /* default, for one that serves no client */
#define LIMIT_TRANSPORT_TIMEOUT_S 86400u       /* largest timeout that can be set */
#define LIMIT_TRANSPORT_MIB 65536u             /* largest memory limit that can be set */
#define LIMIT_LOG_CUTS_PER_S 10u               /* lines about connections closed for one reason */

/* gss */
#define LIMIT_GSS_CONTEXTS 65536u           /* most that can be set */
#define LIMIT_GSS_CONTEXTS_USUAL 8192u      /* unless set */
#define LIMIT_GSS_SHARES 64u                /* principals that share a full table, at least */
#define LIMIT_GSS_LIFETIME_S 86400u         /* of a context, unless set or the ticket ends */
#define LIMIT_GSS_IDLE_S 3600u              /* that a context lives unused */
#define LIMIT_GSS_UNPROVEN_S 60u            /* that it lives before its first call */
#define LIMIT_GSS_UNPROVEN_PER_ADDRESS 256u /* contexts without a call yet */
#define LIMIT_GSS_WINDOW 1024u              /* sequence numbers that may come out of order */
#define LIMIT_GSS_TOKEN_BYTES LIMIT_RPC_RECORD_BYTES /* of INIT: tickets of domains are large */
#define LIMIT_GSS_NAME_BYTES 1024u                   /* of a principal, with the NUL */
#define LIMIT_GSS_KEYTAB_ENTRIES 1024u               /* keys of a keytab that are looked at */
#define LIMIT_GSS_EXPORTED_BYTES 4096u               /* of a principal's exported name */
#define LIMIT_GSS_MIC_BYTES 64u                      /* of a context's tokens, whatever its keys */
#define LIMIT_GSS_HEADER_BYTES 96u
#define LIMIT_GSS_TRAILER_BYTES 64u
#define LIMIT_LOG_GSS_PER_S 20u /* lines about contexts, and about refused ones */

/* tls */
#define LIMIT_TLS_CHAIN 8u                /* CAs between a client's certificate and ours */
#define LIMIT_TLS_CHAIN_BYTES (32u << 10) /* of a client's certificates; longer ones are refused */
#define LIMIT_TLS_FILE_BYTES (64 << 20)   /* of certificates, keys, and lists of those revoked */
#define LIMIT_TLS_NAMES 128u              /* of a certificate that rules can match; others can't */
#define LIMIT_TLS_KEY_UPDATES 64u         /* that a client may make on a connection */
#define LIMIT_TLS_HANDSHAKES 2048u        /* at a time; then an old one ends */
#define LIMIT_TLS_HANDSHAKES_PER_ADDRESS 256u /* of these; then its oldest one ends */
#define LIMIT_TLS_HANDSHAKE_S 10u    /* from the probe to its end; Linux gives up then, too */
#define LIMIT_TLS_RECORDS (1u << 24) /* sent with one key (RFC 8446 5.5); then reconnect */
#define LIMIT_TLS_RULE_PARTS 16u     /* of a rule about certificates */
#define LIMIT_TLS_RULE_BYTES 1024u
#define LIMIT_LOG_TLS_PER_S 20u /* lines about sessions that began or were refused */

/* identity */
#define LIMIT_IDENTITIES 16384u        /* answers that are remembered: who somebody is */
#define LIMIT_IDENTITIES_UNKNOWN 4096u /* others that are: nobody knows it, or not yet */
#define LIMIT_IDENTITY_QUESTIONS 1024u /* that wait for a thread: who callers are, and others */
#define LIMIT_IDENTITY_THREADS 8u      /* that ask the database of users */
#define LIMIT_IDENTITY_WAIT_S 5u       /* that a request waits for an answer */
#define LIMIT_IDENTITY_UNKNOWN_S 30u   /* that "nobody knows it" is remembered */
#define LIMIT_IDENTITY_STALE_S                                                                     \
    3600u /* beyond its time, that an answer serves if there is no other */
#define LIMIT_IDENTITY_MAP_BYTES (4 << 20)
#define LIMIT_IDENTITY_MAP_LINES 65536u

/* proto */
#define LIMIT_READ_BYTES (1u << 20)  /* maxread */
#define LIMIT_WRITE_BYTES (1u << 20) /* maxwrite */
#define LIMIT_READ_PLUS_PARTS 64u    /* holes and data in one reply; the last one takes the rest */
#define LIMIT_READ_PLUS_HOLE 4096u   /* bytes: a shorter hole is sent as zeros, which cost less */
#define LIMIT_COMPOUND_OPS 64u       /* largest ca_maxoperations that we grant */
#define LIMIT_COMPOUND_TAG_BYTES 1024u
#define LIMIT_REQUEST_BYTES LIMIT_RPC_RECORD_BYTES /* ca_maxrequestsize */
#define LIMIT_REPLY_BYTES ((1u << 20) + 4096u)     /* ca_maxresponsesize */
#define LIMIT_REPLY_CACHED_BYTES 8192u             /* ca_maxresponsesize_cached */
#define LIMIT_READDIR_BYTES (256u << 10)
#define LIMIT_BITMAP_WORDS 3u       /* attributes 0..95; higher ones are only noticed */
#define LIMIT_BITMAP_WIRE_WORDS 64u /* a longer bitmap is BADXDR */
#define LIMIT_NAME_BYTES 255u
#define LIMIT_XATTR_NAME_BYTES 250u /* Linux: 255, less those of "user." */
#define LIMIT_XATTR_VALUE_BYTES 65536u
#define LIMIT_SYMLINK_BYTES 4095u
#define LIMIT_FH_BYTES 128u /* NFS4_FHSIZE */
#define LIMIT_OWNER_STRING_BYTES 1024u
#define LIMIT_LOG_REFUSALS_PER_S 100u /* lines about refused requests */
#define LIMIT_LOG_EXPORTS_PER_S 20u   /* about peers and users refused by exports */
#define LIMIT_LOG_REPLAYS_PER_S 100u  /* about retries */
#define LIMIT_COMPOUND_CHANGES 8u     /* objects to be made durable at its end */
#define LIMIT_OP_ERRORS 1000u         /* pairs of an operation and an error, counted one by one */

/* hints, blocks and labels */
#define LIMIT_ADVISE_BYTES (16u << 20)    /* that one IO_ADVISE has read ahead */
#define LIMIT_WRITE_SAME_BYTES (1u << 20) /* that one WRITE_SAME writes: as much as a WRITE */
#define LIMIT_LABEL_BYTES 2048u           /* of a security label; in Linux, too */

/* proto/v40 */
#define LIMIT_DUPLICATE_BYTES (128u << 20)      /* cached for retries of 4.0, in total */
#define LIMIT_DUPLICATE_CLIENT_BYTES (4u << 20) /* per address */
#define LIMIT_DUPLICATE_REPLY_BYTES (64u << 10) /* per cached reply */
#define LIMIT_DUPLICATE_AGE_S 120               /* lifetime of a reply that is not retried */
#define LIMIT_DUPLICATE_WAITERS 64u             /* retries that wait for their request */
#define LIMIT_DUPLICATE_CLIENT_WAITERS 16u      /* per address */
#define LIMIT_DUPLICATE_WAIT_S 20               /* longest wait of a retry */

/* callback */
#define LIMIT_CALLBACK_OPS 16u            /* per CB_COMPOUND */
#define LIMIT_CALLBACK_CALL_BYTES 4096u   /* one CALL to a client */
#define LIMIT_CALLBACK_NOTICES 128u       /* per CB_COMPOUND; more do not fit anyway */
#define LIMIT_CALLBACK_PATHS 16384u       /* 4.0 clients that can be called back */
#define LIMIT_CALLBACK_CALLS_PER_PATH 64u /* unanswered; more are refused */
#define LIMIT_CALLBACK_CONTEXTS 4u        /* of RPCSEC_GSS, kept of those offered for a session */
#define LIMIT_CALLBACK_HANDLE_BYTES 128u  /* of a client's handle of such a context */
#define LIMIT_BACK_QUEUE 4096u            /* callbacks of a session waiting for a slot */
#define LIMIT_DIALS_PER_S 256u            /* attempts to reach 4.0 clients, in total */
#define LIMIT_LOG_CALLBACKS_PER_S 100u    /* lines about paths that went up or down */

/* state */
#define LIMIT_LEASE_S 3600u
#define LIMIT_CLIENTS 65536u
#define LIMIT_RECOVERY_RECORDS 131072u      /* LIMIT_CLIENTS of the former run, plus new ones */
#define LIMIT_COURTESY_S 86400u             /* how long an expired client keeps its state */
#define LIMIT_COURTESY_IDLE_S 3600u         /* and its sessions, if it has no state */
#define LIMIT_CLIENT_OWNER_BYTES 1024u      /* NFS4_OPAQUE_LIMIT */
#define LIMIT_CLIENT_IMPL_BYTES 256u        /* stored of each string of eia_client_impl_id */
#define LIMIT_CLIENT_PRINCIPAL_BYTES 256u   /* shown of the name of who registers it */
#define LIMIT_CLIENT_CERTIFICATE_BYTES 256u /* stored of the subject of its certificate */
#define LIMIT_CALLBACK_NETID_BYTES 15u      /* in SETCLIENTID; longer ones are invalid */
#define LIMIT_CALLBACK_ADDR_BYTES 63u
#define LIMIT_SESSIONS 65536u
#define LIMIT_SESSIONS_PER_CLIENT 64u
#define LIMIT_SESSION_CONNECTIONS 64u
#define LIMIT_SLOTS 1024u       /* per session */
#define LIMIT_SLOTS_DEFAULT 64u /* granted at CREATE_SESSION, unless set */
#define LIMIT_BACK_SLOTS 16u
#define LIMIT_SLOT_RECALLS_PER_TICK 64u       /* sessions asked to use fewer slots */
#define LIMIT_REPLY_BUDGET_BYTES (1ull << 30) /* for cached replies, unless set */
#define LIMIT_REPLY_BUDGET_MIB 1048576u       /* that it can be set to */
#define LIMIT_OPENS_PER_CLIENT 262144u
#define LIMIT_LOCK_STATES_PER_CLIENT 262144u /* pairs of an open and a lock owner */
#define LIMIT_IDLE_OWNERS_PER_CLIENT 64u     /* kept although they hold nothing */
/* 4.0: open owners kept with their sequences, for a lease, or longer while there are fewer */
#define LIMIT_IDLE_SEQUENCES_PER_CLIENT 1024u
#define LIMIT_IDLE_SEQUENCES 262144u /* of all clients; above, each keeps the smaller number */
#define LIMIT_OWNER_WAITERS 4u       /* 4.0: duplicates waiting for a request of an owner */
#define LIMIT_OWNERS_WAITERS 64u     /* for all owners */
#define LIMIT_OWNER_REPLY_BYTES                                                                    \
    1056u /* 4.0: kept of an owner's last result; LOCK denied is longest */
#define LIMIT_LOCKS_PER_FILE 1048576u
#define LIMIT_LOCKS_PER_CLIENT 1048576u
#define LIMIT_LOCK_DROP_BATCH 512u        /* locks dropped while the file's lock is held */
#define LIMIT_OPEN_REVOKE_BATCH 512u      /* opens of a client revoked at once */
#define LIMIT_LOCK_SEARCH 1024u           /* locks of expired clients that a LOCK skips */
#define LIMIT_LOCK_WAITERS_PER_FILE 1024u /* per file; others just retry */
#define LIMIT_LOCK_WAITERS_PER_CLIENT 4096u
#define LIMIT_LOCK_NOTICES_PER_FILE 64u     /* notified waiters that have not retried yet */
#define LIMIT_LOCK_NOTICE_ROUNDS 4u         /* until a waiter for a free range can be notified */
#define LIMIT_LOCK_FILES_PER_TICK 256u      /* of those with waiters, examined by the timer */
#define LIMIT_COURTESY_CLIENTS 16u          /* expired clients that a request revokes at a time */
#define LIMIT_COURTESY_TURNS 64u            /* how often it does so before NFS4ERR_DELAY */
#define LIMIT_DELEGATIONS 524288u           /* of all clients */
#define LIMIT_DELEGATIONS_PER_CLIENT 65536u /* including revoked ones */
#define LIMIT_DELEGATIONS_PER_FILE 4096u
#define LIMIT_DIRECTORIES_SHARE 2u           /* directories may have this part of either */
#define LIMIT_WATCHES_PER_DIRECTORY 256u     /* holders that are told what changes */
#define LIMIT_WATCH_EVENTS 1024u             /* that one of them has not been told */
#define LIMIT_WATCH_BYTES (512u << 10)       /* of them */
#define LIMIT_NOTIFY_BYTES (64u << 20)       /* of those of all holders */
#define LIMIT_RECALL_ANY_CLIENTS 256u        /* asked to return some at a time */
#define LIMIT_PRESSED_RECALLS_PER_TICK 1024u /* recalled from clients that do not comply */
#define LIMIT_DELEGATION_SIGNALS 1024u       /* clients to be told when there is room */
#define LIMIT_SIGNALS_PER_TICK 64u
#define LIMIT_LOG_REPLACED_PER_S 20u     /* lines about clients replaced from other addresses */
#define LIMIT_LOG_DELEGATIONS_PER_S 100u /* lines about slow recalls and revocations */
#define LIMIT_COPIES 1024u          /* of all clients: that run, or whose end they do not know */
#define LIMIT_COPIES_PER_CLIENT 64u /* of these */
#define LIMIT_COPY_HISTORY 64u      /* that are gone, and are still shown */
#define LIMIT_COPY_THREADS 4u       /* that copy */
#define LIMIT_COPY_THREADS_PER_VOLUME 2u /* of these, from or to one file system */
#define LIMIT_COPY_CANCEL_S 5u           /* that OFFLOAD_CANCEL waits for a turn to end */
#define LIMIT_COPY_TELL_S 60u            /* between two attempts to tell a client of an end */
#define LIMIT_STATEID_CHUNKS 64u         /* per shard: 4096 stateids each, 2^24 in total */
#define LIMIT_RECOVERY_WAITERS 128u      /* threads waiting for a client's record to be written */
#define LIMIT_RECOVERY_LEAVERS 256u      /* the same, plus those waiting for a deletion */
#define LIMIT_CLIENTS_PER_ADDRESS 16384u /* from an IPv4 address or IPv6 /64 */
#define LIMIT_OWNERS_PER_CLIENT 65536u   /* open owners, and as many lock owners */
/* Defaults for all clients together, and the largest values that can be set. */
#define LIMIT_OWNERS 1048576u
#define LIMIT_OPENS 1048576u
#define LIMIT_LOCK_STATES 1048576u
#define LIMIT_LOCKS 4194304u
#define LIMIT_LOCK_WAITERS 65536u
/* A limit of at least LIMIT_SHARED reserves its last quarter for clients that use less than one
 * LIMIT_SHARES-th of it. */
#define LIMIT_SHARED 65536u
#define LIMIT_SHARES 1024u
/* When five eighths of the memory budget are used, a client that has an open for each so many bytes
 * of the budget gets no more opens; likewise for locks, owners and lock waiters. */
#define LIMIT_SHARE_BYTES (64u << 10)
#define LIMIT_STATE 16777216u

/* export, vfs, backends */
#define LIMIT_CALLER_GIDS 1024u /* further groups of a user; more do not count */
#define LIMIT_EXPORTS 256u
#define LIMIT_EXPORT_CLIENTS 64u    /* client= rules of one export */
#define LIMIT_EXPORT_RULES 64u      /* tls_peer= of one export, and tls_user= */
#define LIMIT_EXPORTS_RETIRED 1024u /* changes of exports that requests or clients still refer to */
#define LIMIT_PATH_BYTES 4096u
#define LIMIT_PATH_DEPTH 64u
#define LIMIT_ACL_ACES 256u         /* per ACL set by a client */
#define LIMIT_NAMED_ATTRS 1024u     /* per object in mem */
#define LIMIT_MEM_XATTRS 65536u     /* extended attributes of an object in mem */
#define LIMIT_MEM_LINKS 1024u       /* names of a file in mem: told under each, see tell.c */
#define LIMIT_COPY_BYTES (8u << 20) /* of data that one call of a backend copies */
#define LIMIT_COPY_BUFFER_BYTES (256u << 10) /* of one that reads and writes */
#define LIMIT_SPACE_FREED_RUNS 65536u        /* of blocks, looked at for who shares them */
#define LIMIT_MEM_RESERVE_BLOCKS 1024u       /* allocated or freed while a file is locked */
#define LIMIT_LOCAL_DESCRIPTORS 262144u      /* per local export */
#define LIMIT_LOCAL_OBJECTS 1048576u         /* cached per local export */
#define LIMIT_LOCAL_GRANTS 2u                /* callers per object whose ACCESS is remembered */
#define LIMIT_LOCAL_GRANT_GIDS 32u           /* further groups of such a caller */
#define LIMIT_LOCAL_KNOWN_IDS 2097152u       /* IDs remembered per local export, 48 bytes each */
#define LIMIT_LOCAL_KEPT_ATTRS 262144u       /* attributes kept per file system, 144 bytes each */
#define LIMIT_LOCAL_KEPT_NAMES (32u << 20)   /* bytes of names kept per file system */
#define LIMIT_LOCAL_WATCHES 65536u           /* directories; at most half of max_user_marks */
#define LIMIT_LOCAL_DEPTH 16384u             /* directories below its root */
#define LIMIT_LOCAL_SEARCH_ENTRIES 65536u    /* examined for an entry renamed by a local process */
#define LIMIT_LOCAL_ANCESTRY 1024u           /* directories whose parent is remembered */
#define LIMIT_LOCAL_MAP_PENDING (64u << 10)  /* places noted but not in SQLite yet */
#define LIMIT_LOCAL_NAMES_TURNS 32u          /* threads that change, or wait to, one directory */
