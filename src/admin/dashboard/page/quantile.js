/* SPDX-License-Identifier: Apache-2.0 */
/* Quantiles of a histogram, as Prometheus estimates them: evenly within a bucket.  What is above all bounds is
 * Infinity here; Prometheus would say the highest bound. */

/* `bounds` are upper ones in s; `counts` has one more, for what is above them all. */
export function quantile(part, bounds, counts) {
    const total = counts.reduce((sum, count) => sum + count, 0);
    let before = 0;

    if (total <= 0)
        return null;
    for (let n = 0; n < bounds.length; n++) {
        if (counts[n] > 0 && before + counts[n] >= part * total) {
            const low = n > 0 ? bounds[n - 1] : 0;

            return low + (bounds[n] - low) * (part * total - before) / counts[n];
        }
        before += counts[n];
    }
    return Infinity;
}

export function countsAdd(sum, counts) {
    return sum ? sum.map((count, n) => count + counts[n]) : counts;
}

export function countsLess(counts, before) {
    return before ? counts.map((count, n) => Math.max(0, count - before[n])) : counts;
}
