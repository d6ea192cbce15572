"""How unusual a failure rate is, by the robust z-score (Iglewicz and Hoaglin 1993)."""

import statistics

# The median absolute deviation of a normal distribution is this share of its standard deviation.
MAD_OF_NORMAL = 0.6745
# A key that hardly ever fails has a deviation of 0, by which nothing can be judged: one percentage
# point is the least.
LEAST_MAD = 0.01
LEAST_HISTORY = 10


class History:
    """The failure rates of the last buckets of a key."""

    def __init__(self, size, rates=()):
        self.rates, self._size = list(rates), size

    def judge(self, total, failures):
        """Median, deviation and score of the next bucket against those before it, and then takes it
        in. All None while too few are known."""
        rate, verdict = failures / total, (None, None, None)
        if len(self.rates) >= LEAST_HISTORY:
            median = statistics.median(self.rates)
            mad = statistics.median(abs(known - median) for known in self.rates)
            verdict = median, mad, MAD_OF_NORMAL * (rate - median) / max(mad, LEAST_MAD)
        self.rates = [*self.rates, rate][-self._size :]
        return verdict
