using System.Text.Json;
using Confluent.Kafka;
using Streams.Rating.Contracts;
using Streams.Schemas;

namespace Streams.Cli.Replay;

/// <summary>Definitions from files, checked against the contracts of the pipeline.</summary>
static class Definitions
{
    /// <summary>The book of now.</summary>
    public static ContractBook Current(ClientConfig connection)
    {
        var source = new ContractBookSource();
        foreach (var record in TopicReader.ReadAll(connection, Topics.Contracts)) source.TryApply(record.Message.Key, record.Message.Value, record.Message.Value is null, out _);
        return source.Current;
    }

    /// <summary>A contract file, or one definition alone, which is then put into the list of this name.</summary>
    /// <exception cref="CommandException">Its faults, each with field and reason, were printed; or there is no such file.</exception>
    public static IReadOnlyList<ContractEntry> Read(string path, string list, ContractBook known)
    {
        try
        {
            var bytes = File.ReadAllBytes(path);
            return ContractFile.Parse(IsAlone(bytes) ? [.. System.Text.Encoding.UTF8.GetBytes($"{{\"{list}\":["), .. bytes, .. "]}"u8] : bytes, Environment.UserName, default, known);
        }
        catch (ContractFaultException e)
        {
            foreach (var fault in e.Faults) Console.Error.WriteLine($"{path}: {fault}");
            throw new CommandException(ExitCodes.WrongUsage, $"{path} has {e.Faults.Count} fault(s)");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.WrongUsage, e.Message);
        }
    }

    static bool IsAlone(byte[] bytes)
    {
        try
        {
            using var json = JsonDocument.Parse(bytes);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("id", out _);
        }
        catch (JsonException)
        {
            return false; // what is wrong with it is said where it is read
        }
    }
}
