using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Streams.Ingest.Contracts;
using Streams.Ingest.Events;
using Streams.Ingest.Publishing;
using Streams.Schemas;
using Streams.Rating.Contracts;

namespace Streams.Ingest.Http;

/// <summary>POST /v1/contracts takes a contract file, all of it or nothing of it; GET lists what stands.</summary>
sealed class ContractsEndpoint(RequestGuard guard, IContractPublisher publisher, ContractBookSource source, IContractCatalogue contracts, TimeProvider clock,
    IngestOptions options, Microsoft.Extensions.Logging.ILogger<ContractsEndpoint> logger)
{
    public Task PostAsync(HttpContext http) => guard.RunAsync(http, "contracts", ApiKey.ContractWrite, TakeAsync);

    public async Task GetAsync(HttpContext http)
    {
        try
        {
            guard.Authorize(http.Request, ApiKey.ContractWrite);
            ThrowUnlessReady();
            await http.Response.WriteAsJsonAsync(ContractList.Of(source.Current), ApiJson.Options);
        }
        catch (RequestRefusedException e)
        {
            await e.WriteAsync(http, options.RetryAfter);
        }
    }

    async Task TakeAsync(HttpContext http, ApiKey key, ReadOnlyMemory<byte> body)
    {
        ThrowUnlessReady();
        var entries = Parse(body, key);
        try
        {
            await publisher.PublishAsync(entries);
        }
        catch (PublishingException e)
        {
            throw new RequestRefusedException(503, "NOT_ACKNOWLEDGED", $"{e.Message}. Sending the file again is safe");
        }
        Log.ContractsChanged(logger, key.Name, entries.Count);
        http.Response.StatusCode = StatusCodes.Status202Accepted;
        await http.Response.WriteAsJsonAsync(new { entries = entries.Select(e => Name(e)) }, ApiJson.Options);
    }

    IReadOnlyList<ContractEntry> Parse(ReadOnlyMemory<byte> body, ApiKey key)
    {
        try
        {
            return ContractFile.Parse(body, key.Name, Timestamp.From(clock.GetUtcNow()), source.Current);
        }
        catch (ContractFaultException e)
        {
            var first = e.Faults[0];
            throw new RequestRefusedException(400, first.Code, string.Join("; ", e.Faults.Take(20)), first.Path);
        }
    }

    void ThrowUnlessReady()
    {
        if (!contracts.IsReady) throw new RequestRefusedException(503, "CONTRACTS_NOT_READ", "The contracts are not read yet");
    }

    static string Name(ContractEntry entry) => System.Text.Encoding.UTF8.GetString(ContractBookSource.Key(entry.Kind, entry.Id));
}

/// <summary>The contracts in the file's form, each part in order of id.</summary>
sealed record ContractList(IReadOnlyList<JsonElement> Customers, IReadOnlyList<JsonElement> Meters, IReadOnlyList<JsonElement> PriceBooks, IReadOnlyList<JsonElement> Contracts)
{
    public static ContractList Of(ContractBook book) => new(
        Part(book.Customers, CanonicalJson.Write), Part(book.Meters, CanonicalJson.Write), Part(book.PriceBooks, CanonicalJson.Write), Part(book.Contracts, CanonicalJson.Write));

    static List<JsonElement> Part<T>(IReadOnlyDictionary<string, T> items, Func<T, string> write) =>
        [.. items.OrderBy(i => i.Key, StringComparer.Ordinal).Select(i => JsonSerializer.Deserialize<JsonElement>(write(i.Value)))];
}
