namespace Naf.Tests;

/// <summary>The built-in models have the link lengths and contact pairs of their cards.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class CardGeometryTests
{
    // a body's frame in its parent's, x y z
    [TestCase("cartpole", "cart 0 0 1, pole 0 0 0")]
    [TestCase("reacher", "upper 0 0 0, fore .35 0 0, hand .30 0 0")]
    [TestCase("peg", "upper 0 0 0, fore .40 0 0, peg .35 0 0")]
    [TestCase("gripper", "upper 0 0 0, fore .35 0 0, hand .30 0 0, left .08 .05 0, right .08 -.05 0, object 0 0 0")]
    [TestCase("gripper-moving", "platform 0 0 0, upper 0 0 0, fore .35 0 0, hand .30 0 0, left .08 .05 0, "
        + "right .08 -.05 0, object 0 0 0")]
    [TestCase("canada2d", "upper 0 0 0, fore .35 0 0, stick .30 0 0, puck 0 0 0")]
    [TestCase("cheetah", "torso 0 0 .7, back_thigh -.5 0 0, back_shin .16 0 -.25, back_foot -.28 0 -.14, "
        + "front_thigh .5 0 0, front_shin -.14 0 -.24, front_foot .13 0 -.18")]
    [TestCase("swimmer6", "head 0 0 0, link1 0 .1 0, link2 0 .1 0, link3 0 .1 0, link4 0 .1 0, link5 0 .1 0, "
        + "link6 0 .1 0")]
    [TestCase("ant", "torso 0 0 .55, leg1 0 0 0, thigh1 .2 .2 0, shin1 .2 .2 0, thigh2 -.2 .2 0, shin2 -.2 .2 0, "
        + "thigh3 -.2 -.2 0, shin3 -.2 -.2 0, thigh4 .2 -.2 0, shin4 .2 -.2 0")]
    [TestCase("walker2d", "torso 0 0 1.3, right_thigh 0 -.05 -.3, right_leg 0 0 -.7, right_foot .06 0 -.25, "
        + "left_thigh 0 .05 -.3, left_leg 0 0 -.7, left_foot .06 0 -.25")]
    public void Bodies_stand_at(string name, string places) => AssertVectors(name, "BODY", "body_pos", places);

    // a joint's anchor in its body's frame
    [TestCase("swimmer6", "heading 0 -.05 0, j1 0 -.05 0, j2 0 -.05 0, j3 0 -.05 0, j4 0 -.05 0, j5 0 -.05 0, "
        + "j6 0 -.05 0")]
    [TestCase("walker2d", "right_hip 0 0 0, right_knee 0 0 .25, right_ankle -.06 0 0, left_knee 0 0 .25, "
        + "left_ankle -.06 0 0")]
    public void Joints_turn_about(string name, string places) => AssertVectors(name, "JOINT", "jnt_pos", places);

    [TestCase("cartpole", "slider 1 0 0, hinge 0 1 0")]
    [TestCase("gripper-moving", "platform_x 1 0 0, platform_y 0 1 0, j1 0 0 1, f1 0 0 1, f2 0 0 1, object_x 1 0 0, "
        + "object_y 0 1 0")]
    [TestCase("canada2d", "j1 0 0 1, j2 0 0 1, j3 0 0 1, puck_x 1 0 0, puck_y 0 1 0")]
    [TestCase("cheetah", "root_x 1 0 0, root_z 0 0 1, pitch 0 1 0, back_thigh 0 1 0, front_foot 0 1 0")]
    [TestCase("ant", "hip1 0 0 1, hip2 0 0 1, hip3 0 0 1, hip4 0 0 1, ankle1 -.70710678 .70710678 0, "
        + "ankle2 .70710678 .70710678 0, ankle3 -.70710678 .70710678 0, ankle4 .70710678 .70710678 0")]
    [TestCase("walker2d", "root_z 0 0 1, root_x 1 0 0, pitch 0 1 0, right_hip 0 -1 0, right_knee 0 -1 0, "
        + "left_ankle 0 -1 0")]
    public void Joints_move_along(string name, string axes) => AssertVectors(name, "JOINT", "jnt_axis", axes);

    // a capsule's radius and half-length, a box's half-sizes, a cylinder's radius and half-height
    [TestCase("cartpole", "cart .2 .15 .1, pole .045 .5 0")]
    [TestCase("reacher", "upper .02 .175 0, fore .02 .15 0, hand .02 .125 0")]
    [TestCase("peg", "upper .02 .2 0, fore .02 .175 0, peg .02 .125 0, left .31 .10 .05, right .31 .10 .05, "
        + "bottom .10 .05 .05")]
    [TestCase("gripper", "upper .02 .175 0, fore .02 .15 0, wrist .02 .04 0, palm .012 .05 0, object .04 .02 0")]
    [TestCase("gripper-moving", "platform .12 .12 .03, upper .02 .175 0, fore .02 .15 0, wrist .02 .04 0, "
        + "palm .012 .05 0, object .04 .02 0")]
    [TestCase("canada2d", "upper .02 .175 0, fore .02 .15 0, shaft .015 .125 0, blade .015 .06 0, puck .04 .02 0")]
    [TestCase("cheetah", "torso .046 .5 0, head .046 .15 0, back_thigh .046 .145 0, back_shin .046 .15 0, "
        + "back_foot .046 .094 0, front_thigh .046 .133 0, front_shin .046 .106 0, front_foot .046 .07 0")]
    [TestCase("swimmer6", "head .001 .05 .01, link1 .001 .05 .01, link6 .001 .05 .01")]
    [TestCase("ant", "torso .25 0 0, leg1 .08 .141421356 0, thigh3 .08 .141421356 0, shin2 .08 .282842712 0, "
        + "shin4 .08 .282842712 0")]
    [TestCase("walker2d", "torso .07 .3 0, right_thigh .05 .225 0, right_leg .04 .25 0, right_foot .05 .1 0, "
        + "left_foot .05 .1 0")]
    public void Shapes_are_as_large(string name, string sizes) => AssertVectors(name, "GEOM", "geom_size", sizes);

    [TestCase("peg", "left .11 -.55 0, right .79 -.55 0, bottom .45 -.65 0")]
    [TestCase("gripper gripper-moving",
        "palm .08 0 0, left .06 .01 0, left_hook .135 .0025 0, right .06 -.01 0, right_hook .135 -.0025 0")]
    [TestCase("canada2d", "shaft .125 0 0, blade .25 .06 0")]
    [TestCase("cheetah", "head .6 0 .1, back_thigh .1 0 -.13, back_shin -.14 0 -.07, back_foot .03 0 -.097, "
        + "front_thigh -.07 0 -.12, front_shin .065 0 -.09, front_foot .045 0 -.07")]
    [TestCase("ant", "leg1 .1 .1 0, leg2 -.1 .1 0, thigh3 -.1 -.1 0, shin4 .2 -.2 0")]
    [TestCase("walker2d", "right_thigh 0 0 -.225, left_thigh 0 0 -.225, right_leg 0 0 0, right_foot 0 0 0")]
    public void Shapes_stand_at(string name, string places) => AssertVectors(name, "GEOM", "geom_pos", places);

    [TestCase("cheetah", "head .87, back_thigh -3.8, back_shin -2.03, back_foot -.27, front_thigh .52, front_shin -.6, "
        + "front_foot -.6")]
    public void Shapes_are_turned_about_y_by(string name, string angles)
    {
        var model = new PrintedModel(name);
        foreach ((string geom, double[] angle) in Parse(angles))
        {
            // a quaternion and its negative are the same rotation
            double[] q = model.Of("GEOM", geom, "geom_quat"),
                expected = [Math.Cos(angle[0] / 2), 0, Math.Sin(angle[0] / 2), 0];
            Assert.That(Math.Abs(q.Zip(expected, (a, b) => a * b).Sum()), Is.EqualTo(1).Within(1e-12), geom);
        }
    }

    [TestCase("reacher", "tip .25 0 0")]
    [TestCase("peg", "base 0 0 0, tip .25 0 0")]
    [TestCase("gripper gripper-moving", "grasp .16 0 0")]
    [TestCase("canada2d", "blade .25 .06 0")]
    [TestCase("swimmer6", "nose 0 -.06 0")]
    public void Sites_stand_at(string name, string places) => AssertVectors(name, "SITE", "site_pos", places);

    // geoms a ~ b may collide if contype(a) & conaffinity(b) or vice versa; those of a body and its parent never do
    [TestCase("peg", "upper fore peg ~ left right bottom")]
    [TestCase("gripper", "palm left left_hook right right_hook ~ object")]
    [TestCase("gripper-single", "palm left left_hook right right_hook ~ object")]
    [TestCase("gripper-moving", "palm left left_hook right right_hook ~ object")]
    [TestCase("canada2d", "shaft blade ~ puck")]
    [TestCase("cheetah", "torso head back_thigh back_shin back_foot front_thigh front_shin front_foot ~ floor")]
    [TestCase("ant", "leg1 leg2 leg3 leg4 thigh1 thigh2 thigh3 thigh4 shin1 shin2 shin3 shin4 ~ floor")]
    [TestCase("walker2d", "torso right_thigh right_leg right_foot left_thigh left_leg left_foot ~ floor")]
    public void Only_these_touch(string name, string pairs)
    {
        var model = new PrintedModel(name);
        string[] sides = pairs.Split(" ~ ");
        var expected = from a in sides[0].Split(' ') from b in sides[1].Split(' ') select (a, b);
        List<string> geoms = model.Names("GEOM");
        var found = from i in Enumerable.Range(0, geoms.Count)
                    from j in Enumerable.Range(0, i)
                    where (Bits(i, "contype") & Bits(j, "conaffinity")) != 0
                        || (Bits(j, "contype") & Bits(i, "conaffinity")) != 0
                    select string.CompareOrdinal(geoms[i], geoms[j]) < 0 ? (geoms[i], geoms[j]) : (geoms[j], geoms[i]);
        Assert.That(found, Is.EquivalentTo(expected.Select(p => string.CompareOrdinal(p.a, p.b) < 0 ? p : (p.b, p.a))));

        int Bits(int geom, string field) => (int)model.Of("GEOM", geom, $"geom_{field}")[0];
    }

    // friction, solref, solimp, margin
    [TestCase("peg", "peg bottom", .3, .005, .0001, .01, 1, .95, .99, .001, 0)]
    [TestCase("gripper", "left_hook object", 1, .005, .0001, .01, 1, .95, .99, .001, 0)]
    [TestCase("gripper-moving", "palm object", 1, .005, .0001, .01, 1, .95, .99, .001, 0)]
    [TestCase("canada2d", "blade puck", 1, .005, .0001, .01, 1, .95, .99, .001, 0)]
    [TestCase("cheetah", "back_foot", .4, .1, .1, .02, 1, 0, .8, .01, 0)]
    [TestCase("ant", "shin1", 1, .5, .5, .02, 1, .9, .95, .001, .01)]
    [TestCase("walker2d", "left_foot", .7, .1, .1, .02, 1, .9, .95, .001, 0)]
    public void Contacts_are_as_rough_and_stiff(string name, string geoms, params double[] expected)
    {
        var model = new PrintedModel(name);
        foreach (string geom in geoms.Split(' '))
        {
            Assert.That(Of("condim"), Is.EqualTo(new double[] { 3 }), geom);
            Assert.That((double[])[.. Of("friction"), .. Of("solref"), .. Of("solimp")[..3], .. Of("margin")],
                Is.EqualTo(expected), geom);

            double[] Of(string field) => model.Of("GEOM", geom, $"geom_{field}");
        }
    }

    private static void AssertVectors(string names, string kind, string field, string expected)
    {
        foreach (PrintedModel model in names.Split(' ').Select(name => new PrintedModel(name)))
            foreach ((string thing, double[] numbers) in Parse(expected))
                Assert.That(model.Of(kind, thing, field), Is.EqualTo(numbers).Within(1e-8), $"{field} of {thing}");
    }

    // "name x y z, name x y z"
    private static IEnumerable<(string Name, double[] Numbers)> Parse(string list) =>
        from item in list.Split(", ")
        let words = item.Split(' ')
        select (words[0],
            words[1..].Select(w => double.Parse(w, System.Globalization.CultureInfo.InvariantCulture)).ToArray());
}
