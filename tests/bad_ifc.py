"""IFC files that are whole and open at once, and whose geometry never comes to its end."""

from __future__ import annotations

from pathlib import Path

_HEAD = """ISO-10303-21;
HEADER;
FILE_DESCRIPTION(('ViewDefinition [CoordinationView]'),'2;1');
FILE_NAME('endless.ifc','2024-01-01T00:00:00',(''),(''),'','','');
FILE_SCHEMA(('IFC4'));
ENDSEC;
DATA;
#1=IFCCARTESIANPOINT((0.,0.,0.));
#2=IFCAXIS2PLACEMENT3D(#1,$,$);
#3=IFCGEOMETRICREPRESENTATIONCONTEXT($,'Model',3,1.E-5,#2,$);
#4=IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.);
#5=IFCUNITASSIGNMENT((#4));
#6=IFCPROJECT('0YvctVUKr0kugbFTf53O90',$,'endless',$,$,$,$,(#3),#5);
#7=IFCLOCALPLACEMENT($,#2);
#8=IFCBUILDING('0YvctVUKr0kugbFTf53O91',$,'house',$,$,#7,$,$,.ELEMENT.,$,$,$);
#9=IFCBUILDINGSTOREY('0YvctVUKr0kugbFTf53O92',$,'Level 0',$,$,#7,$,$,.ELEMENT.,0.);
#10=IFCRELAGGREGATES('0YvctVUKr0kugbFTf53O93',$,$,$,#6,(#8));
#11=IFCRELAGGREGATES('0YvctVUKr0kugbFTf53O94',$,$,$,#8,(#9));
#12=IFCRELCONTAINEDINSPATIALSTRUCTURE('0YvctVUKr0kugbFTf53O95',$,$,$,(#13),#9);
#13=IFCWALL('0YvctVUKr0kugbFTf53O96',$,'sponge',$,$,#7,#14,$,$);
#14=IFCPRODUCTDEFINITIONSHAPE($,$,(#15));
"""


def write_endless_ifc(path: Path, *, n_bodies: int = 5000, n_spheres: int = 64) -> Path:
    """`path`, now a model with one wall of many bodies, each what is left of a block less overlapping spheres.

    The spheres are shared, so the file stays small, but each body's curved faces are intersected afresh: two seconds of
    work a body, hours for the wall, in steady memory, since next to nothing is left of each in the end.
    """
    lines = ["#16=IFCBLOCK(#2,40.,40.,40.);"]
    solid = 16
    for at in range(n_spheres):
        number = solid + 1
        # Steps of irrational parts of the block spread the centres evenly without a random generator.
        x, y, z = (40 * (at * step % 1.0) for step in (0.6180339887, 0.7548776662, 0.5698402910))
        lines += [
            f"#{number}=IFCCARTESIANPOINT(({x:.6f},{y:.6f},{z:.6f}));",
            f"#{number + 1}=IFCAXIS2PLACEMENT3D(#{number},$,$);",
            f"#{number + 2}=IFCSPHERE(#{number + 1},5.);",
            f"#{number + 3}=IFCBOOLEANRESULT(.DIFFERENCE.,#{solid},#{number + 2});",
        ]
        solid = number + 3
    bodies = range(solid + 1, solid + 1 + 2 * n_bodies, 2)
    for at, number in enumerate(bodies):
        lines += [
            f"#{number}=IFCBLOCK(#2,{0.01 + at * 1e-5:.5f},0.01,0.01);",
            f"#{number + 1}=IFCBOOLEANRESULT(.INTERSECTION.,#{solid},#{number});",
        ]
    items = ",".join(f"#{number + 1}" for number in bodies)
    lines.append(f"#15=IFCSHAPEREPRESENTATION(#3,'Body','CSG',({items}));")
    path.write_text(_HEAD + "\n".join(lines) + "\nENDSEC;\nEND-ISO-10303-21;\n", encoding="ascii")
    return path
