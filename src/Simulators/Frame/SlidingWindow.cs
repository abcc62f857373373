namespace Streams.Simulators;

/// <summary>Counts events within the last stretch of time. Not thread-safe.</summary>
sealed class SlidingWindow(TimeSpan length, TimeProvider time)
{
    readonly Queue<long> _events = new();

    public TimeSpan Length => length;

    /// <summary>Events within the window that ends now.</summary>
    public int Count
    {
        get
        {
            while (_events.TryPeek(out var oldest) && time.GetElapsedTime(oldest) >= length) _events.Dequeue();
            return _events.Count;
        }
    }

    /// <summary>How long until the oldest event leaves the window.</summary>
    public TimeSpan UntilNext => Count == 0 ? TimeSpan.Zero : length - time.GetElapsedTime(_events.Peek());

    /// <summary>Adds an event and returns the count with it.</summary>
    public int Add()
    {
        _events.Enqueue(time.GetTimestamp());
        return Count;
    }

    public void Clear() => _events.Clear();
}
