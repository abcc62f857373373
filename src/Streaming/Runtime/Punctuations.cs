namespace Streams.Streaming.Runtime;

/// <summary>The punctuations of one task by one kind of time.</summary>
internal sealed class Punctuations
{
    private readonly List<Punctuation> scheduled = [];

    /// <summary>When the next one is due; <see cref="long.MaxValue"/> when there is none.</summary>
    public long NextDue { get; private set; } = long.MaxValue;

    public TaskScheduled Add(long first, long interval, Action<long> punctuator)
    {
        var handle = new TaskScheduled();
        scheduled.Add(new Punctuation(handle, interval, punctuator) { Due = first });
        NextDue = Math.Min(NextDue, first);
        return handle;
    }

    /// <summary>Calls those that are due, in the order of their times and of their scheduling; several missed intervals are one call.</summary>
    public bool Run(long now)
    {
        if (now < NextDue)
            return false;
        foreach (var due in scheduled.Where(p => p.Due <= now).OrderBy(p => p.Due).ToList())
        {
            if (due.Handle.IsCancelled)
                continue;
            due.Due += ((now - due.Due) / due.Interval + 1) * due.Interval;
            due.Punctuator(now);
        }
        scheduled.RemoveAll(p => p.Handle.IsCancelled);
        NextDue = scheduled.Count == 0 ? long.MaxValue : scheduled.Min(p => p.Due);
        return true;
    }

    private sealed class Punctuation(TaskScheduled handle, long interval, Action<long> punctuator)
    {
        public TaskScheduled Handle { get; } = handle;

        public long Interval { get; } = interval;

        public Action<long> Punctuator { get; } = punctuator;

        public long Due { get; set; }
    }
}
