using Streams.Ingest.Events;
using Streams.Ingest.Publishing;
using Streams.Schemas;

namespace Streams.Cli.Demo;

/// <summary>A first look at a file, publishing nothing: who is in it and which months it covers, so that contracts can be made for all of them.</summary>
sealed class UsageScan : IUsageEventPublisher, IContractCatalogue
{
    readonly SortedSet<string> _customers = new(StringComparer.Ordinal);
    Timestamp _first = new(long.MaxValue);
    Timestamp _last = new(long.MinValue);

    public IReadOnlyCollection<string> Customers => _customers;

    public Timestamp FirstMonth => Timestamp.From(MonthOf(_first));

    public DateTimeOffset LastMonth => MonthOf(_last);

    public bool IsReady => true;

    public bool HasMeter(string meter) => true;

    public bool HasCustomer(string customer) => true;

    public Task<Delivery> PublishAsync(UsageEvent usage)
    {
        _customers.Add(usage.CustomerId);
        if (usage.OccurredAt < _first) _first = usage.OccurredAt;
        if (usage.OccurredAt > _last) _last = usage.OccurredAt;
        return Task.FromResult(Delivery.Acknowledged(0, 0));
    }

    static DateTimeOffset MonthOf(Timestamp time)
    {
        var at = time.ToDateTimeOffset();
        return new DateTimeOffset(at.Year, at.Month, 1, 0, 0, 0, TimeSpan.Zero);
    }
}
