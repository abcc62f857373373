using System.Text;
using Streams.Rating.Calculator;
using Streams.Rating.Contracts;

namespace Streams.Rating.Tests.Invoicing;

public sealed class UsageFileTests
{
    const string Event = """{"specversion": "1.0", "id": "1", "source": "s", "type": "a", "subject": "acme", "time": "2026-01-05T12:00:00+01:00", "data": {"quantity": 1.5, "dimensions": {"region": "eu"}}, "channel": "web"}""";

    static UsageFileContent Parse(string json) => UsageFile.Parse(Encoding.UTF8.GetBytes(json));

    [Fact]
    public void Events_and_quantities_stand_in_arrays_objects_or_lines()
    {
        const string Quantity = """{"meter": "a", "from": "2026-01-05", "to": "2026-01-06", "quantity": "2"}""";
        foreach (var json in new[] { $"[{Event}, {Quantity}]", $$"""{"usage": [{{Event}}, {{Quantity}}]}""", $"{Event}\n\n{Quantity}\r\n" })
        {
            var entries = Parse(json).Entries;
            Assert.Equal(["2026-01-05T11:00:00Z", "2026-01-05T00:00:00Z"], entries.Select(e => e.At.ToString()));
            Assert.Equal(("acme", "web", "eu"), (entries[0].Customer, entries[0].Dimensions["ce.channel"], entries[0].Dimensions["region"]));
            Assert.Equal(86_400_000_000, entries[1].Window.Micros);
        }
        Assert.Single(Parse(Event).Entries);
    }

    [Fact]
    public void Of_an_event_that_comes_again_the_first_counts()
    {
        var content = Parse($"[{Event}, {Event.Replace("1.5", "7", StringComparison.Ordinal)}, {Event.Replace("\"1\"", "\"2\"", StringComparison.Ordinal)}]");
        Assert.Equal((2, 1), (content.Entries.Count, content.Duplicates));
        Assert.Equal("1.5", content.Entries[0].Quantity.ToString());
    }

    [Theory]
    [InlineData("17", "$", "TYPE_WRONG")]
    [InlineData("""{"usage": {}}""", "$.usage", "TYPE_WRONG")]
    [InlineData("[1]", "$[0]", "TYPE_WRONG")]
    [InlineData("""[{"meter": "a", "at": "2026-01-05", "quantity": "1", "x": 1}]""", "$[0].x", "PROPERTY_UNKNOWN")]
    [InlineData("""[{"at": "2026-01-05", "quantity": "1"}]""", "$[0].meter", "PROPERTY_MISSING")]
    [InlineData("""[{"meter": "a", "at": "5 January", "quantity": "1"}]""", "$[0].at", "TIME_INVALID")]
    [InlineData("""[{"meter": "a", "at": "1950-01-05", "quantity": "1"}]""", "$[0].at", "TIME_OUT_OF_RANGE")]
    [InlineData("""[{"meter": "a", "from": "2026-01-05", "to": "2026-01-05", "quantity": "1"}]""", "$[0].to", "TIME_INVALID")]
    [InlineData("""[{"meter": "a", "at": "2026-01-05", "to": "2026-01-06", "quantity": "1"}]""", "$[0].at", "VALUE_UNUSED")]
    [InlineData("""[{"meter": "a", "at": "2026-01-05", "quantity": "1,5"}]""", "$[0].quantity", "DECIMAL_INVALID")]
    [InlineData("""[{"meter": "a", "at": "2026-01-05", "quantity": true}]""", "$[0].quantity", "TYPE_WRONG")]
    [InlineData("""[{"meter": "a", "at": "2026-01-05", "quantity": "1", "dimensions": {"r": 1}}]""", "$[0].dimensions.r", "TYPE_WRONG")]
    [InlineData("""[{"meter": "\ud800", "at": "2026-01-05", "quantity": "1"}]""", "$[0]", "TEXT_INVALID")]
    [InlineData("""[{"specversion": "1.0", "id": "1", "source": "s", "type": "a", "subject": "acme", "time": "2026-01-05T12:00:00Z"}]""", "$[0].data", "PROPERTY_MISSING")]
    [InlineData("{\"meter\": \"a\", \"at\": \"2026-01-05\", \"quantity\": \"1\"}\n{", "line 2", "JSON_MALFORMED")]
    public void Faults_name_entry_and_field(string json, string path, string code)
    {
        var fault = Assert.Single(Assert.Throws<ContractFaultException>(() => Parse(json)).Faults);
        Assert.Equal((path, code), (fault.Path, fault.Code));
    }
}
