using Naf.Host.Files;

namespace Naf.Tests;

internal sealed class CsvFileTests : FolderFixture
{
    private string Path => Folder["a.csv"];

    [Test]
    public void Fields_are_written_for_machines()
    {
        CultureInfo culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = "," } };
            using (var csv = CsvFile.Create(Path, "a,b,c,d,e")) csv.Add(1, 0.1, null, "x, \"y\"\nz", ulong.MaxValue);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
        Assert.That(File.ReadAllText(Path), Is.EqualTo("a,b,c,d,e\n1,0.1,,\"x, \"\"y\"\" z\",18446744073709551615\n"));
    }

    [TestCase(1.0 / 3)]
    [TestCase(-0.0)]
    [TestCase(5e-324)]
    public void Numbers_are_read_back_to_the_bit(double value)
    {
        using (var csv = CsvFile.Create(Path, "a")) csv.Add(value);
        double read = double.Parse(File.ReadAllLines(Path)[1], CultureInfo.InvariantCulture);
        Assert.That(BitConverter.DoubleToInt64Bits(read), Is.EqualTo(BitConverter.DoubleToInt64Bits(value)));
    }

    [Test]
    public void Continuing_cuts_what_follows()
    {
        long length;
        string digest;
        using (var csv = CsvFile.Create(Path, "a"))
        {
            csv.Add(1);
            (length, digest) = (csv.Length, csv.Digest);
            csv.Add(2);
        }
        File.AppendAllText(Path, "half a ro");
        string before = File.ReadAllText(Path), kept = before[..(int)length];
        Assert.That(CsvFile.DigestOf(kept), Is.EqualTo(digest));
        CsvFile.Continue(Path, kept).Dispose();
        Assert.That(File.ReadAllText(Path), Is.EqualTo(before), "opening alone changes nothing");
        using (var csv = CsvFile.Continue(Path, kept))
        {
            csv.CutHere();
            csv.Add(3);
        }
        Assert.That(File.ReadAllText(Path), Is.EqualTo("a\n1\n3\n"));
    }

    [TestCase("a\r\n1\r\n", "a\n1\n")]
    [TestCase("a\n1\n\n\n", "a\n1\n")]
    [TestCase("\ufeffa\n1\n\r\n", "a\n1\n")]
    [TestCase("a\n1\n2", "a\n1\n2")]
    [TestCase("", "")]
    public void It_is_read_as_it_was_before_a_spreadsheet(string saved, string written)
    {
        File.WriteAllText(Path, saved);
        Assert.That(CsvFile.Read(Path), Is.EqualTo(written));
        using (var csv = CsvFile.Continue(Path, written))
        {
            csv.CutHere();
            csv.Add("é");
        }
        Assert.That(File.ReadAllBytes(Path), Is.EqualTo(Encoding.UTF8.GetBytes(written + "é\n")));
    }

    [Test]
    public void A_file_that_vanishes_is_written_again()
    {
        using var csv = CsvFile.Create(Path, "a");
        csv.Add(1);
        File.Delete(Path);
        csv.Add(2);
        csv.FlushToDisk();
        csv.Add(3);
        Assert.That(File.ReadAllText(Path), Is.EqualTo("a\n1\n2\n3\n"));
        Assert.That(csv.Length, Is.EqualTo(8));
    }

    [Test]
    public void A_full_disk_is_an_error()
    {
        PlaceFullDisk("a.csv");
        Assert.That(() => CsvFile.Create(Path, "a"), Throws.InstanceOf<IOException>());
    }
}
