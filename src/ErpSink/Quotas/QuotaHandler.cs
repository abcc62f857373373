using Npgsql;

namespace Streams.ErpSink.Quotas;

/// <summary>There was no place in the account's quota before the call's time ended: the request was not sent.</summary>
public sealed class QuotaExhaustedException() : HttpRequestException(HttpRequestError.ConnectionError, "no place in the account's quota before the call's time ended");

/// <summary>
/// Counts each request of an account against its quota, tokens and polls too. The place that a call was begun with is used by its first request; the others wait for
/// places of their own.
/// </summary>
public sealed class QuotaHandler(QuotaGate gate, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    static readonly AsyncLocal<CallSlot?> Current = new();

    /// <summary>Requests of this flow of control use that place first.</summary>
    public static CallSlot Begin(Slot slot, bool urgent)
    {
        var call = new CallSlot(slot, urgent);
        Current.Value = call;
        return call;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        var slot = await SlotAsync(cancel);
        // Without an answer the place stays taken until its lease ends: the server may still be at work.
        var response = await base.SendAsync(request, cancel);
        try
        {
            await gate.GiveAsync(slot);
        }
        catch (NpgsqlException)
        {
            // The place is free when its lease ends; the answer counts.
        }
        return response;
    }

    async Task<Slot> SlotAsync(CancellationToken cancel)
    {
        Current.Value?.Count();
        if (Current.Value?.Take() is { } begun) return begun;
        try
        {
            return await gate.TakeAsync(Current.Value?.Urgent ?? false, cancel);
        }
        catch (Exception e) when (e is OperationCanceledException or NpgsqlException)
        {
            throw new QuotaExhaustedException();
        }
    }
}

/// <summary>The place that a call was begun with.</summary>
public sealed class CallSlot(Slot slot, bool urgent)
{
    int _taken;
    int _requests;

    public bool Urgent => urgent;

    /// <summary>Requests that the call has made.</summary>
    public int Requests => Volatile.Read(ref _requests);

    internal void Count() => Interlocked.Increment(ref _requests);

    /// <summary>The place, the first time.</summary>
    public Slot? Take() => Interlocked.Exchange(ref _taken, 1) == 0 ? slot : null;
}
